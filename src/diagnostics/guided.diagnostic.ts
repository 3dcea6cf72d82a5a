/**
 * What guidance does to samples as its strength w grows: how far they stand on the way to the mean of their class, how much is left of what they differ in
 * within it, and how far they are from real images.
 */
import { z } from 'zod'
import type { Config } from '../config.ts'
import { type Estimate, meanOf } from '../flow/estimate.ts'
import { distanceOf, featureSet, tooFewImages } from '../flow/frechet.ts'
import { stagesOf } from '../flow/solver.ts'
import { isGuidable, passesOf, refuseGuidance } from '../model/guidance.ts'
import type { Axis, Curve, Panel } from '../panel.ts'
import { alongMeans, together } from './class_panels.ts'
import { type Bench, defineDiagnostic, type Measure } from './diagnostic.ts'
import { drawMany, piecesOf } from './drawn.ts'
import { featuresFor, type Reference, referenceOf, refuseCount } from './quality_features.ts'
import { dimensionsOf } from './semantic.ts'
import { classMeansOf } from './separation.ts'
import { numbersOf } from './sweep.ts'
import { few, finite, overSeeds, seedsSaid } from './words.ts'

const STRONGEST = 10
const strengthsOf = (text: string) => numbersOf(text, STRONGEST)

/** Of pixels, where no classifier knows these images. */
const COMPONENTS = 16

const settings = z.strictObject({
  w: z.string().max(100).default('0 1 1.5 2 3 5').refine(text => strengthsOf(text), `takes 1 to 64 strengths of guidance from 0 to ${STRONGEST}, such as 1 2 4`).meta({ title: 'Guidance w', help: 'Strengths; 1 is the velocity with labels, 0 that without.' }),
  samples: z.number().int().min(4).max(256).default(16).meta({ title: 'Samples of a class', help: 'Images drawn of each class with each strength, all from the same noise.', scale: 'log' }),
})

const guidedBy = (config: Config, guidance: number): Config => ({ ...config, evaluate: { ...config.evaluate, guidance } })

export default defineDiagnostic({
  id: 'guided',
  title: 'What guidance does',
  tab: 'Guidance',
  order: 83,
  group: 'samples',
  summary: 'Where samples of a class stand on the way to its mean, how much they vary within it, and how far they are from real images, by strength of guidance.',
  paper: 'Classifier-free guidance (arXiv 2207.12598); beside ΔFM (arXiv 2506.05350)',
  formulas: {
    place: '\\frac{\\langle \\hat\\mu_y - \\mu,\\; \\mu_y - \\mu\\rangle}{\\lVert \\mu_y - \\mu\\rVert^2}, \\quad v = v_\\varnothing + w\\,(v_y - v_\\varnothing)',
    distance: '\\lVert \\mu_1 - \\mu_2\\rVert^2 + \\operatorname{tr}\\!\\big(\\Sigma_1 + \\Sigma_2 - 2(\\Sigma_1\\Sigma_2)^{1/2}\\big)',
    variety: '\\frac{\\operatorname{tr}\\operatorname{Cov}[\\hat x \\mid y]}{\\operatorname{tr}\\operatorname{Cov}[x \\mid y]}',
  },
  settings,
  every: 0,
  work(config, { w, samples }) {
    const { net: { classes }, evaluate: { solver, solverSteps } } = config
    return { forwards: strengthsOf(w)!.reduce((sum, strength) => sum + passesOf(guidedBy(config, strength)), 0) * samples * classes * solverSteps * stagesOf(solver) }
  },
  refuse(config, { label, classes }) {
    if (classes.length < 2) return `${label} has no two classes to tell apart`
    if (!isGuidable(config)) return 'guidance needs networks that were trained with and without labels; take net.classes and net.labelDrop above 0'
    return refuseGuidance(guidedBy(config, 2))
  },
})

const STRENGTH: Axis = { label: 'guidance w', scale: 'linear' }

export const measure: Measure<typeof settings> = async (bench, { w, samples }) => {
  const { config, data } = bench
  const { classes: K } = config.net
  const d = dimensionsOf(config)
  const strengths = strengthsOf(w)!
  const count = samples * K
  const inTurn = Array.from({ length: count }, (_, i) => i % K)
  const known = classMeansOf(data.train, data.trainLabels, d, K)
  const total = strengths.length * piecesOf(bench, count) * config.evaluate.solverSteps
  let done = 0
  const step = () => bench.progress(Math.min(++done, total), total)
  const wait = () => bench.progress(Math.min(done, total), total)

  const { all: [features] } = await featuresFor(bench, COMPONENTS, wait)
  const tooFew = refuseCount(config, data.dataset, count) ?? tooFewImages(count, features.width)
  const reference = tooFew === undefined ? await referenceOf(bench, features, count, wait) : null
  const real = variances(data.heldOut, data.heldOutLabels, d, K)
  const places: Estimate[][] = []
  const varieties: Estimate[][] = []
  const distances: (Estimate | null)[][] = []
  for (const strength of strengths) {
    const drawn = await drawMany(bench, count, step, guidedBy(config, strength))
    places.push(drawn.map(images => together(known, alongMeans(known, images, inTurn, samples))))
    varieties.push(drawn.map(images => meanOf(variances(images, inTurn, d, K).map((variance, c) => variance / real[c]))))
    if (!reference) continue
    const own: (Estimate | null)[] = []
    for (const images of drawn) own.push(images.every(Number.isFinite) ? distanceOf(featureSet(await features.of(images), features.width), reference.held) : null)
    distances.push(own)
  }
  const held = together(known, alongMeans(known, data.heldOut, data.heldOutLabels, Infinity))
  const panels = panelsOf(bench, { strengths, samples }, places, varieties, held)
  return reference ? [...panels, distancePanel(bench, strengths, count, distances, reference)] : panels
}

/** Of each class: the unbiased variance of its images about their mean, over all d. */
function variances(images: Float32Array, labels: ArrayLike<number>, d: number, K: number): number[] {
  const { means, counts } = classMeansOf(images, labels, d, K)
  const sums = new Float64Array(K)
  for (let i = 0; i < labels.length; i++) for (let k = 0; k < d; k++) sums[labels[i]] += (images[i * d + k] - means[labels[i]][k]) ** 2
  return Array.from(sums, (sum, c) => sum / (counts[c] - 1))
}

function panelsOf({ groups, labels, config: { net } }: Bench, { strengths, samples }: { strengths: number[]; samples: number }, places: Estimate[][], varieties: Estimate[][], held: Estimate): Panel[] {
  const [weakest, strongest] = [strengths[0], strengths.at(-1)!]
  const curves = (found: Estimate[][]) => labels.map((_, replica): Curve =>
    ({ replica, kind: 'measured', label: '', x: strengths, y: found.map(own => finite(own[replica].value)), spread: found.map(own => finite(own[replica].standardError)) }))
  const baseline = (value: number): Curve => ({ replica: null, kind: 'baseline', label: 'held-out images', x: [weakest, strongest], y: [finite(value), finite(value)] })
  const said = (found: Estimate[][]) => groups.map(group => `from ${overSeeds(group, r => found[0][r].value)} to ${overSeeds(group, r => found.at(-1)![r].value)} in ${group.label}`).join(', ')
  const notes = ['EMA weights, the run’s own sampler and interval of guidance, the same noise for every strength.']
  const apart = Number.isFinite(held.value)
  return [
    ...(apart ? [{
      id: 'place', title: 'Where samples of a class stand on the way to its mean, by guidance', x: STRENGTH, y: { label: '0 the mean of all images, 1 that of the class', scale: 'linear', domain: [0, 1.5] },
      curves: [...curves(places), baseline(held.value)], spread: `± standard error over ${samples} samples of each class`,
      summary: `From w = ${weakest} to ${strongest} samples go ${said(places)}, all classes together${seedsSaid(groups)}; images themselves stand at 1.`,
      notes: [...notes, 'Classes count by how far their mean lies from that of all; those that do not differ from it beyond chance, not at all.'],
    } satisfies Panel] : []),
    {
      id: 'variety', title: 'How much samples of a class vary, by guidance', x: STRENGTH, y: { label: 'variance within a class, images at 1', scale: 'linear', domain: [0, 1.5] },
      curves: [...curves(varieties), baseline(1)], spread: `± standard error over ${net.classes} classes`,
      summary: `From w = ${weakest} to ${strongest} the variance of a class goes ${said(varieties)}${seedsSaid(groups)}; that of images is 1.`, notes: apart ? notes : [...notes, 'No class’s mean differs from that of all images beyond chance, so that there is no way to it.'],
    },
  ]
}

function distancePanel({ groups, labels }: Bench, strengths: number[], count: number, distances: (Estimate | null)[][], { features, floor }: Reference): Panel {
  const of = (r: number) => distances.map(own => own[r])
  const best = (r: number) => strengths[of(r).reduce((least, one, i, all) => ((one?.value ?? Infinity) < (all[least]?.value ?? Infinity) ? i : least), 0)]
  const ends = [strengths[0], strengths.at(-1)!]
  return {
    id: 'distance', title: `How far samples are from real images, by guidance: ${features.name}`, x: STRENGTH, y: { label: features.name, scale: 'log' },
    curves: [
      ...labels.map((_, replica): Curve => ({ replica, kind: 'measured', label: '', x: strengths, y: of(replica).map(one => finite(one?.value ?? null)), spread: of(replica).map(one => finite(one?.standardError ?? null)) })),
      { replica: null, kind: 'baseline', label: 'real against real', x: ends, y: [floor.value, floor.value], spread: [floor.standardError, floor.standardError] },
    ],
    spread: `± jackknife standard error over ${count} samples and as many held-out images`,
    summary: `Nearest to real images are samples with ${groups.map(({ label, replicas }) => `w = ${[...new Set(replicas.map(best))].join(', ')} (${label}, ${overSeeds({ label, replicas }, r => of(r)[strengths.indexOf(best(r))]?.value ?? null)})`).join(', ')}${seedsSaid(groups)}; two real sets of this size lie ${few(floor.value)} apart.`,
    notes: [features.note, 'EMA weights, the run’s own sampler and interval of guidance, the same noise for every strength.'],
  }
}
