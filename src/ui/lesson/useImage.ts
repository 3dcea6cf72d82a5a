import { useMemo } from 'react'
import { datasetOf } from '../../store/catalog.ts'
import { useDraft } from '../../store/draft.ts'
import { normals } from './mix.ts'

/** One held-out image of the data set among the settings, and two noises for it. */
export function useImage() {
  const id = useDraft(({ config }) => config.data.dataset)
  const wanted = useDraft(({ config }) => config.net.size)
  return useMemo(() => {
    const dataset = datasetOf(id)?.sizes.includes(wanted) ? datasetOf(id)! : datasetOf('gratings')!
    const size = dataset.sizes.includes(wanted) ? wanted : dataset.sizes[0]
    const { images, channels } = dataset.generate(1, { seed: 0, split: 'test', size })
    return { x0: images, channels, size, noises: [normals(1, images.length), normals(2, images.length)] as const }
  }, [id, wanted])
}
