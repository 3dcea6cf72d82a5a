/** Every dataset, by id: each `*.dataset.ts` of this folder. */
import type { Dataset } from './dataset.ts';

const modules = import.meta.glob<Dataset>('./*.dataset.ts', { eager: true, import: 'default' });

export const datasets: Record<string, Dataset> = {};
for (const dataset of Object.values(modules)) {
  if (dataset.id in datasets) throw new Error(`Two datasets share the id '${dataset.id}'.`);
  datasets[dataset.id] = dataset;
}
