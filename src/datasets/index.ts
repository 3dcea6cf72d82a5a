/** Every dataset, by id: each `*.dataset.ts` of this folder, and those registered since. */
import type { Dataset } from './dataset.ts';
import { isOwn } from './own.ts';

const modules = import.meta.glob<Dataset>('./*.dataset.ts', { eager: true, import: 'default' });

export const datasets: Record<string, Dataset> = {};
for (const dataset of Object.values(modules)) {
  if (dataset.id in datasets) throw new Error(`Two datasets share the id '${dataset.id}'.`);
  datasets[dataset.id] = dataset;
}

/** Makes a visitor's own dataset known here, or its successor of the same id. */
export function registerDataset(dataset: Dataset): void {
  if (datasets[dataset.id] && !isOwn(dataset.id)) throw new Error(`The id '${dataset.id}' belongs to another dataset.`);
  datasets[dataset.id] = dataset;
}

export function forgetDataset(id: string): void {
  if (isOwn(id)) delete datasets[id];
}
