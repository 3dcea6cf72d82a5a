/** Every dataset that is listed, by id: each `*.dataset.ts` of this folder, and those registered since. */
import type { Dataset } from './dataset.ts';
import { drawnDataset, isDrawn } from './drawn.ts';
import { isOwn } from './own.ts';

const modules = import.meta.glob<Dataset>('./*.dataset.ts', { eager: true, import: 'default' });

export const datasets: Record<string, Dataset> = {};
for (const dataset of Object.values(modules)) {
  if (dataset.id in datasets) throw new Error(`Two datasets share the id '${dataset.id}'.`);
  datasets[dataset.id] = dataset;
}

const drawings = new Map<string, Dataset>();

/** By id, which of a drawing is the drawing itself. */
export function datasetOf(id: string): Dataset | undefined {
  if (!isDrawn(id)) return Object.hasOwn(datasets, id) ? datasets[id] : undefined;
  const dataset = drawings.get(id) ?? drawnDataset(id);
  if (dataset) drawings.set(id, dataset);
  return dataset;
}

/** Makes a visitor's own dataset known here, or its successor of the same id. */
export function registerDataset(dataset: Dataset): void {
  if (datasets[dataset.id] && !isOwn(dataset.id)) throw new Error(`The id '${dataset.id}' belongs to another dataset.`);
  datasets[dataset.id] = dataset;
}

export function forgetDataset(id: string): void {
  if (isOwn(id)) delete datasets[id];
}
