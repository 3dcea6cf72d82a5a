/**
 * How good the samples are: how far they lie from held-out images in named features, what of the data they cover, and whether they are training
 * images come back. A distance is FID in Inception's features only; here it is named after its features, and two real sets stand beside it.
 */
import { z } from 'zod'
import type { Estimate } from '../flow/estimate.ts'
import { distanceOf, featureSet, tooFewImages } from '../flow/frechet.ts'
import { MANIFOLD, nearestOf, neighbourRadii, shareCovered } from '../flow/neighbours.ts'
import { stagesOf } from '../flow/solver.ts'
import { passesOf } from '../model/guidance.ts'
import { drawByHeart, heartFlops, heartPath, heartPieces } from './by_heart.ts'
import { type Bench, defineDiagnostic, type Measure } from './diagnostic.ts'
import { drawMany, piecesOf } from './drawn.ts'
import { classShares, featuresFor, manifoldOf, paired, type Reference, referenceOf, refuseCount, remembered } from './quality_features.ts'
import { coveragePanel, distancePanel, NEAREST_WORK, type NearestFound, nearestPanel, searchedOf } from './quality_panels.ts'
import { dimensionsOf } from './semantic.ts'

const settings = z.strictObject({
  count: z.number().int().min(64).max(7500).default(1000).meta({ title: 'Samples', help: 'Images drawn of each replica and compared with as many held-out ones; the paper takes 7,500. Compare equal numbers only.', scale: 'log' }),
  components: z.number().int().min(2).max(128).default(32).meta({ title: 'Pixel components', help: 'Principal components of the pixels that the distance in pixels is taken in.', advanced: true }),
  heart: z.boolean().default(false).meta({ title: 'By heart too', help: 'As many samples of the training set’s own best velocity (closed form) beside the nets’; it looks at every training image at every step.' }),
})

export default defineDiagnostic({
  id: 'quality',
  title: 'How good the samples are',
  order: 80,
  group: 'samples',
  summary: 'Fréchet distance of samples from held-out images, precision and recall, and how near the nearest training image is.',
  paper: 'LCF §6.1, fig. 5 (arXiv 2509.20952); Heusel et al. (arXiv 1706.08500); Kynkäänniemi et al. (arXiv 1904.06991)',
  formulas: {
    'distance-pixels': '\\lVert \\mu_1 - \\mu_2\\rVert^2 + \\operatorname{tr}\\!\\big(\\Sigma_1 + \\Sigma_2 - 2(\\Sigma_1\\Sigma_2)^{1/2}\\big)',
    'distance-classifier': '\\lVert \\mu_1 - \\mu_2\\rVert^2 + \\operatorname{tr}\\!\\big(\\Sigma_1 + \\Sigma_2 - 2(\\Sigma_1\\Sigma_2)^{1/2}\\big)',
  },
  settings,
  every: 0,
  work(config, { count, heart }) {
    const { solver, solverSteps } = config.evaluate
    const closed = heart ? heartFlops(config, count, solverSteps) / config.replicas.length : 0 // once for all
    return { forwards: count * solverSteps * stagesOf(solver) * passesOf(config), flops: 4 * NEAREST_WORK + closed }
  },
  refuse(config, dataset, { count, components }) {
    const problem = refuseCount(config, dataset, count)
    if (problem) return problem
    const few = tooFewImages(count, components)
    return few && `${few}; take more samples or fewer components`
  },
})

/** What was found of one replica, or of the training set's own best field; null where its samples are not finite numbers. */
export interface Found {
  /** By features, in their order. */
  distances: Estimate[]
  precision: number
  recall: number
  nearest: NearestFound
  /** How often the classifier sees each class; null without one. */
  classes: number[] | null
}

export const measure: Measure<typeof settings> = async (bench, chosen) => {
  const { config, data, training: { replicas: R } } = bench
  const { count, components } = chosen
  const d = dimensionsOf(config)
  const pieces = piecesOf(bench, count)
  // The last part is of unequal pieces; each replica counts as one there, so that progress never goes back.
  let [done, total] = [0, pieces * config.evaluate.solverSteps + R + 2]
  const step = () => bench.progress(Math.min(++done, total), total)
  const wait = () => bench.progress(Math.min(done, total), total)

  const { all, classifier } = await featuresFor(bench, components, wait)
  const references: Reference[] = []
  for (const features of all) references.push(await referenceOf(bench, features, count, wait))
  const manifold = await manifoldOf(bench, all[0], count, wait)
  await step()
  const train = { values: data.train, width: d }
  const looked = searchedOf(count, data.train.length)
  const nearest = async (images: Float32Array): Promise<NearestFound> => {
    const asked = images.slice(0, looked * d)
    return { images: asked, found: await nearestOf(train, { values: asked, width: d }, wait) }
  }
  const held = await remembered(data, `nearest ${looked}`, async () => nearest((await bench.images(count, { split: 'test' })).images))
  await step()
  // It does not change while nets train.
  const heart = chosen.heart
    ? await remembered(data, `by heart ${JSON.stringify([chosen, config.evaluate.solverSteps, heartPath(config)])} ${config.data.seed}`, async () => {
      total += heartPieces(count) * config.evaluate.solverSteps
      return lookAt(Float32Array.from(await drawByHeart(bench, count, step)))
    })
    : null
  const samples = await drawMany(bench, count, step)

  const found: (Found | null)[] = []
  for (const images of samples) {
    found.push(images.every(Number.isFinite) ? await lookAt(images) : null)
    await step()
  }
  const broken = bench.labels.filter((_, r) => found[r] === null)
  const notes = broken.length > 0 ? [`Samples of ${broken.join(' and ')} are not all finite numbers, so that nothing can be said of them.`] : []
  if (heart) notes.unshift(`By heart: the training set’s own best velocity (closed form), by ${config.evaluate.solverSteps} steps of Euler’s from the same noise. It is no goal: it ends on training images.`)
  return [
    ...references.map((reference, f) => distancePanel(bench, chosen, reference, found.map(one => one?.distances[f] ?? null), heart?.distances[f] ?? null, [...notes, ...(reference.features.id === 'classifier' && classifier ? classesSeen(bench, found) : [])])),
    coveragePanel(bench, chosen, all[0], manifold, found, heart),
    nearestPanel(bench, data.train, found.map(one => one?.nearest ?? null), heart?.nearest ?? null, held),
  ]

  async function lookAt(images: Float32Array): Promise<Found> {
    const distances: Estimate[] = []
    let [precision, recall, classes]: [number, number, number[] | null] = [0, 0, null]
    for (const { features, held: reference } of references) {
      const values = await features.of(images)
      distances.push(distanceOf(featureSet(values, features.width), reference))
      await wait()
      if (features.id === 'classifier' && classifier) classes = classShares(classifier, values)
      if (features !== all[0]) continue
      const own = paired({ values, width: features.width })
      precision = await shareCovered(manifold.real, manifold.radii, own, wait)
      recall = await shareCovered(own, await neighbourRadii(own, MANIFOLD, wait), manifold.real, wait)
    }
    return { distances, precision, recall, classes, nearest: await nearest(images) }
  }
}

function classesSeen({ groups }: Bench, found: readonly (Found | null)[]): string[] {
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`
  const said = groups.flatMap(({ label, replicas }) => {
    const classes = found[replicas[0]]?.classes
    return classes ? [`${label} from ${percent(Math.min(...classes))} to ${percent(Math.max(...classes))}`] : []
  })
  return said.length > 0 ? [`How often the classifier sees the rarest and the commonest class: ${said.join('; ')}.`] : []
}
