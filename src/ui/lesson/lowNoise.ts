/** The lesson: what flow matching does where the noise is almost gone, in eight steps and a quarter of an hour. Its only content file. */
import { methodIdOf } from '../../store/replicas.ts'
import type { ClaimResult } from '../../record_schema.ts'
import { count, fixed, plusMinus, short, toPlaceOf } from '../numbers.ts'
import { type Figure, type Figures, difference, percents, said, signedSaid } from './figures.ts'
import type { Seen, Step } from './step.ts'

export const lessonTitle = 'What happens where the noise is almost gone'

const some = (...sentences: (string | null | false | undefined)[]) => sentences.filter((sentence): sentence is string => Boolean(sentence))
const told = (figure: Figure | null, tell: (figure: Figure) => string) => (figure ? tell(figure) : null)

/** “The paper's claim …; in the recorded run: −0.185 ± 0.0066 (unit; 3 seeds).” */
function recorded(claims: readonly ClaimResult[], id: string, words: (claim: ClaimResult, verdict: string) => string): string | null {
  const claim = claims.find((one) => one.id === id)
  if (!claim) return null
  const verdict = { appears: 'it appears', opposite: 'the opposite came out', unclear: 'it is unclear' }[claim.verdict]
  return `${words(claim, verdict)} In the recorded study: ${plusMinus(claim.mean, claim.deviation)} (${claim.unit}; mean ± SD over ${claim.effects.length} seeds).`
}

/** Replicas of LCF are on the charts. */
function showsLcf({ shown: { tick }, hidden }: Seen): boolean {
  return tick?.config.replicas.some((replica, index) => methodIdOf(tick.config, replica) === 'lcf' && !hidden.includes(index)) ?? false
}

const probed = ({ shown }: Seen) => (shown.measurements.probe?.length ?? 0) > 0

const levels = (...at: number[]) => at.map((t) => ({ value: String(t), label: `t = ${t}` }))

export const steps: readonly Step[] = [
  {
    id: 'path', title: 'From image to noise', minutes: 1, view: 'overview', picture: true,
    see: ['An image x₀ and noise ε are mixed. One number, the noise level t, says how much of each. The picture is one image of the data, still clean; you will move t.'],
    formula: 'x_t = (1-t)\\,x_0 + t\\,\\varepsilon, \\qquad \\varepsilon \\sim N(0, I)',
    predict: { ask: 'Going up from the clean image: at which t will you lose sight of the stripes?', choices: levels(0.05, 0.2, 0.5, 0.8) },
    do: { words: 'Move t slowly up to 0.9 or more, and back, and see where the stripes go.', tool: 'scrub' },
    check: {
      ask: 'Where is the image clean?', choices: () => [{ value: '0', label: 'At t = 0' }, { value: '1', label: 'At t = 1' }], right: () => '0',
      hint: 'Put t at its left end and look at the picture.',
    },
    name: {
      term: 'Noise level', paper: 'LCF §3, eq. 1',
      words: ['t = 0 is clean and t = 1 is pure noise. Other papers and tools count the other way round, so always ask which. “Low noise” means t near 0.'],
    },
    found: () => [],
  },
  {
    id: 'hardest', title: 'Where is the task hardest?', minutes: 2, view: 'overview', look: 'lossByT', plain: true,
    see: [
      'The network sees xₜ and t and is asked for the velocity ε − x₀, which leads from image to noise. Its error, squared and averaged over pixels, is the loss. That is all there is to flow matching (FM).',
      'Say what you expect before you see it: until then the charts are covered.',
    ],
    formula: 'L(t) = \\operatorname{E}\\,\\lVert v_\\theta(x_t, t) - (\\varepsilon - x_0)\\rVert^2',
    predict: { ask: 'After training: at which noise level is the loss greatest?', choices: [{ value: 'low', label: 'Below t = 0.1, nearly clean' }, { value: 'middle', label: 'Between 0.1 and 0.5' }, { value: 'high', label: 'Above 0.5, nearly noise' }] },
    do: {
      words: 'Train: press Run, and let the loss be measured twice. Without a GPU, or without the time, show the recorded run; the lesson is the same.', tool: 'run',
      done: ({ shown, revealed }) => (shown.record ? revealed : shown.losses.length >= 2),
    },
    check: {
      ask: 'Look at “Loss by noise level”. Where is flow matching’s loss greatest?',
      choices: () => [{ value: 'low', label: 'Below t = 0.1' }, { value: 'middle', label: 'Between 0.1 and 0.5' }, { value: 'high', label: 'Above 0.5' }],
      right: (f) => (f?.hardest === null || f?.hardest === undefined ? null : f.hardest < 0.1 ? 'low' : f.hardest <= 0.5 ? 'middle' : 'high'),
      hint: 'Both axes are logarithmic. Follow the solid line to its highest point and read t below it; the button beside the title shows the numbers.',
    },
    name: {
      term: 'The low-noise paradox', paper: 'LCF §1, fig. 1a; §3, eq. 4',
      words: ['The input is almost the clean image, and still the answer is worst there. The paper takes this as its starting point. The next two steps ask for the reason, and there are two.'],
    },
    found: (f) => some(
      told(f.loss('fm', 0.001), (low) => `the loss of FM is ${said(low)} at t = 0.001${told(f.loss('fm', 0.3), (high) => `, ${said(high)} at t = 0.3`) ?? ''}${told(f.loss('fm', 0.74), (high) => ` and ${said(high)} at t = 0.74`) ?? ''}.`),
    ),
    caveat: (claims) => recorded(claims, 'loss-rises', (_, verdict) => `That the loss is greater at low noise than at high: ${verdict}.`),
  },
  {
    id: 'floor', title: 'How much of it could be learned?', minutes: 2, view: 'overview', look: 'lossByT', plain: true,
    see: ['The dashed line is the floor: no network can go below it, however large and however long it is trained. Images have a fine texture that looks like noise, and what is noise and what is texture cannot be told apart from xₜ.'],
    formula: 'L(t) \\ge \\operatorname{E}\\,\\lVert v - \\operatorname{E}[v \\mid x_t]\\rVert^2, \\quad v = \\varepsilon - x_0',
    predict: { ask: 'Of the loss at t = 0.001, how much could a better network still take away?', choices: [{ value: 'most', label: 'Most of it' }, { value: 'half', label: 'About half' }, { value: 'little', label: 'Next to nothing' }] },
    do: { words: 'On the chart of loss by noise level, switch from “Loss” to “Excess”: what stands above the floor.', done: ({ lossView, figures }) => lossView === 'excess' && figures !== null },
    check: {
      ask: 'At which of these levels is most left to learn?', choices: () => levels(0.001, 0.05, 0.74), right: (f) => asValue(f?.mostLeft('fm', [0.001, 0.05, 0.74])),
      hint: 'In “Excess”, compare the heights of the line at the three levels.', lacks: 'The floor of these images is not known, so this run does not tell. The experiment “FM beside LCF” has one.',
    },
    name: {
      term: 'Irreducible loss', paper: 'Lipman et al. 2022, Theorem 2; read against LCF §4.2',
      words: ['A high loss is no proof of slow learning. Look at the excess before you blame the network.'],
    },
    found: (f) => some(left(f, 0.001), left(f, 0.05), left(f, 0.74)),
    caveat: (claims) => recorded(claims, 'slow-at-lowest', (_, verdict) => `Does not reproduce at this scale: the paper reads the high loss towards t = 0 as slow convergence. Asked at t = 0.001, ${verdict}.`),
  },
  {
    id: 'condition', title: 'One image, two noises', minutes: 2, view: 'overview', alone: 'condition', look: 'condition', plain: true,
    see: ['Take one image and mix it with two different noises at the same t. The nearer t is to 0, the more the two inputs look alike. But each has its own answer, ε − x₀.'],
    formula: '\\kappa(t,t) = \\frac{\\sqrt{\\operatorname{E}\\lVert \\Delta v\\rVert^2}}{\\sqrt{\\operatorname{E}\\lVert \\Delta x\\rVert^2}} = \\frac{\\beta_t\'}{\\beta_t} = \\frac{1}{t}',
    predict: { ask: 'As t goes to 0, what happens?', choices: [{ value: 'both', label: 'Inputs meet, and so do the answers' }, { value: 'inputs', label: 'Inputs meet, the answers stay apart' }, { value: 'neither', label: 'Both stay apart' }] },
    do: { words: 'Move t down to 0.02 or less and watch the two distances.', tool: 'noises' },
    check: {
      ask: 'At t = 0.01, by how much must the answer differ for each unit by which the input differs?', choices: () => ['1', '10', '100', '10000'].map((value) => ({ value, label: count(Number(value)) })), right: () => '100',
      hint: 'It is the second distance over the first. Or read the dashed line on the chart of the condition number at t = 0.01.',
    },
    name: {
      term: 'Condition number', paper: 'LCF §4.1, Prop. 1, eq. 6',
      words: ['The objective asks for a slope of 1/t, which grows without end. That is so by construction, whatever the network; the dashed line on the chart says no more. What a network does about it is the solid line, and that is measured.'],
    },
    found: (f) => some(
      told(f.gain('fm', 0.001), (gain) => `at t = 0.001 the answer of FM moves by ${said(gain)} for each unit of input, where 1,000 is demanded.`),
      told(f.gain('fm', 0.1), (gain) => `at t = 0.1 it moves by ${said(gain)}, where 10 is demanded.`),
    ),
    caveat: (claims) => recorded(claims, 'gain-bounded', (_, verdict) => `That no network follows the demanded 1/t: ${verdict}.`),
  },
  {
    id: 'bands', title: 'Which levels are learned last?', minutes: 1.5, view: 'overview', look: 'bands', plain: true,
    see: [
      'Behind one falling loss curve there are many, one for each noise level, and they do not fall together. The charts show four bands, which hold 1, 9, 40 and 50 % of the levels.',
      'The formula in words: to bring the error at t down to ε, gradient descent needs a number of steps k that grows at least as 1/t² · log(1/ε).',
    ],
    formula: 'k = \\Omega\\big((\\beta_t\'/\\beta_t)^2\\, \\log(1/\\epsilon)\\big)',
    predict: { ask: 'In which of the four bands does the loss fall least while training?', choices: [{ value: '0', label: 't below 0.01' }, { value: '1', label: '0.01 to 0.1' }, { value: '2', label: '0.1 to 0.5' }, { value: '3', label: 'above 0.5' }] },
    do: { words: 'Open the view “Over training” (on a phone: “Bands”) and look at the four small charts.', done: ({ view, figures }) => (view === 'training' || view === 'bands') && (figures?.bands.some(({ fall }) => fall !== null) ?? false) },
    check: {
      ask: 'Which band has fallen least since the first measurement?',
      choices: (f) => f?.bands.map(({ from, to }, i) => ({ value: String(i), label: `t from ${short(from)} to ${short(to)}` })) ?? [],
      right: leastFallen, hint: 'All four charts have one scale. The button beside the title shows the numbers.', lacks: 'Two measurements are needed before a change shows: let the run go on.',
    },
    name: {
      term: 'Slow convergence, and its double', paper: 'LCF §4.2, Prop. 3, eq. 8',
      words: ['The paper proves that gradient descent needs more and more steps as t goes to 0, near a minimum and under assumptions. A band that does not fall may be that, or there may be nothing left to learn: set it against its floor before you decide.'],
    },
    found: (f) => some(
      f.bands.every(({ fall }) => fall) && `since the first measurement the loss of FM fell by ${f.bands.map(({ from, to, fall }) => `${percents(fall!)} % for t from ${short(from)} to ${short(to)}`).join(', ')}.`,
      told(f.excess('fm', 0.001), (low) => told(f.excess('fm', 0.05), (middle) => `of the loss that is left, ${said(low)} at t = 0.001 could still be learned, and ${said(middle)} at t = 0.05.`) ?? ''),
    ),
    caveat: (claims) => recorded(claims, 'slow-at-low', (_, verdict) => `That much is still to be learned a little further up, at t = 0.05: ${verdict}.`),
  },
  {
    id: 'probe', title: 'What do the features still tell?', minutes: 2.5, view: 'overview', look: 'probe', plain: true,
    see: ['A network that has learned to denoise knows something about images. To ask what, freeze it, take the numbers inside it (features), and fit the simplest possible reader, a linear one, to tell the ten classes from a few labelled images.'],
    formula: '\\hat{y} = \\arg\\max_c\\; w_c^{\\top} h_\\ell(x_t) + b_c',
    predict: { ask: 'How well will the class be read at t = 0.001, where the image is all but clean, compared with t = 0.1?', choices: [{ value: 'better', label: 'Better: there is less noise' }, { value: 'same', label: 'About the same' }, { value: 'worse', label: 'Worse' }] },
    do: { words: 'Open the view “Probe”, under “Representation”. If nothing has been measured there yet, press “Measure now”.', done: (seen) => seen.view === 'probe' && probed(seen) },
    check: {
      ask: 'At which of these levels is the class read best from FM’s features?', choices: () => levels(0.001, 0.1, 0.5), right: (f) => asValue(f?.bestRead('fm', [0.001, 0.1, 0.5])),
      hint: 'Follow FM’s solid line; the grey lines are raw pixels and chance.', lacks: 'The probe was not measured at these levels, or there is no FM in this run: measure it with its usual settings.',
    },
    name: {
      term: 'Representation degradation, here: harder to read out', paper: 'LCF §4.3, fig. 2 and 4; protocol A.4.3',
      words: [
        'Where the input is cleanest the features may tell less. What is lost is ease of reading: the class is still in there, but it takes more labels to find it. With thousands of labels, related networks of ours were read at 99 % at every low level.',
      ],
    },
    found: (f) => some(
      told(f.accuracy('fm', 0.001), (low) => `${f.labels ? `with ${count(f.labels)} labels ` : ''}the class is read from FM’s features at ${percents(low)} % at t = 0.001${told(f.accuracy('fm', 0.1), (high) => ` and ${percents(high)} % at t = 0.1`) ?? ''}.`),
      told(difference(f.accuracy('fm', 0.1), f.accuracy('fm', 0.001)), (fall) => `the fall from t = 0.1 to 0.001 is ${percents(fall)} points.`),
    ),
    caveat: (claims) => recorded(claims, 'probe-drops', (_, verdict) => `Does not reproduce clearly at this scale: between t = 0.03 and 0.001 ${verdict}; the fall from t = 0.1, a level chosen after seeing the curves, is larger.`),
  },
  {
    id: 'lcf', title: 'Align instead of regress', minutes: 2, view: 'probe', look: 'probe', plain: true,
    see: [
      'Local Contrastive Flow (LCF) stops asking for the velocity below a level T_min. There it pulls the features towards those of the same image at T_min, and pushes them away from those of other images.',
    ],
    formula: 'L = L_{\\text{FM}}\\big|_{t \\ge T_{\\min}} + \\lambda\\, L_{\\text{cons}}\\big|_{t < T_{\\min}}',
    predict: { ask: 'At t = 0.001, how well will the class be read from LCF’s features, compared with FM’s?', choices: [{ value: 'worse', label: 'Worse' }, { value: 'same', label: 'About the same' }, { value: 'better', label: 'Better' }] },
    do: { words: 'Press “LCF” in the legend above the charts, so that its lines come into view beside FM’s: same start, same images, same noise.', done: (seen) => showsLcf(seen) && probed(seen) },
    check: {
      ask: 'In how many of the seeds is the class read better from LCF’s features at t = 0.001?', choices: () => [{ value: 'all', label: 'In all' }, { value: 'some', label: 'In some' }, { value: 'none', label: 'In none' }],
      right: (f) => shareOf(f && difference(f.accuracy('lcf', 0.001), f.accuracy('fm', 0.001))),
      hint: '“Single seeds” beside the legend shows each of them; with one seed it is all or none.', lacks: 'It takes FM and LCF in one run, both probed: the experiment “FM beside LCF” has them.',
    },
    name: {
      term: 'Local contrastive flow', paper: 'LCF §5, eq. 12–15, Algorithm 1',
      words: ['LCF makes low-noise features easy to read. λ weighs the pull against the flow loss; the paper’s λ = 1 belongs to a loss summed over pixels, here it is 0.05 on the mean.'],
    },
    found: (f) => some(
      told(f.accuracy('lcf', 0.001), (lcf) => `at t = 0.001 the class is read at ${percents(lcf)} % from LCF’s features${told(f.accuracy('fm', 0.001), (fm) => `, at ${percents(fm)} % from FM’s`) ?? ''}.`),
      told(difference(f.accuracy('lcf', 0.001), f.accuracy('fm', 0.001)), (lift) => `seed by seed that is ${percents(lift)} points more.`),
    ),
    caveat: (claims) => recorded(claims, 'lcf-probe', (_, verdict) => `That LCF lifts the probe at low noise: ${verdict}.`),
  },
  {
    id: 'cost', title: 'What did you pay?', minutes: 2, view: 'overview', look: 'lossByT',
    see: ['Below T_min nobody asks LCF for the velocity any more, yet a sampler has to come all the way down to t = 0. t is drawn evenly from 0 to 1, so T_min is also the share of the training images that teach no velocity.'],
    formula: 't < T_{\\min}: \\quad v_\\theta \\text{ is not trained}',
    predict: { ask: 'At t = 0.001, what will LCF’s loss be, compared with FM’s?', choices: [{ value: 'higher', label: 'Higher' }, { value: 'mixed', label: 'About the same' }, { value: 'lower', label: 'Lower' }] },
    do: { words: 'Move T_min up to 0.2 or more. Then read the chart of loss by noise level below T_min (hatched) and above it.', tool: 'tMin', done: ({ tMin }) => tMin >= 0.199 },
    check: {
      ask: 'At t = 0.001, LCF’s loss against FM’s, seed by seed:', choices: () => [{ value: 'higher', label: 'Higher in all' }, { value: 'mixed', label: 'Higher in some, lower in others' }, { value: 'lower', label: 'Lower in all' }],
      right: (f) => compared(shareOf(f && difference(f.loss('lcf', 0.001), f.loss('fm', 0.001)))),
      hint: 'Compare the two solid lines at the left end of the chart.', lacks: 'It takes FM and LCF in one run: the experiment “FM beside LCF” has them.',
    },
    name: {
      term: 'No free lunch', paper: 'LCF §6.2, ablations of T_min and of the loss',
      words: [
        'A larger T_min gives the features more anchors and the velocity fewer levels. Whether that is a good trade depends on what you want of the network.',
        'In the end the samples count: how far they lie from real images. The paper reports better ones from LCF, at its scale.',
      ],
    },
    found: (f) => some(
      told(difference(f.loss('lcf', 0.001), f.loss('fm', 0.001)), (more) => `at t = 0.001 LCF’s loss minus FM’s is ${signedSaid(more)}.`),
      told(difference(f.loss('lcf', 0.067), f.loss('fm', 0.067)), (more) => `at t = 0.067, just above where T_min stood, it is ${signedSaid(more)}; at t = 0.22, ${told(difference(f.loss('lcf', 0.22), f.loss('fm', 0.22)), signedSaid) ?? 'not measured'}.`),
      apart(f),
    ),
    caveat(claims) {
      if (claims.length === 0) return null
      const named = (verdict: ClaimResult['verdict']) => claims.filter((claim) => claim.verdict === verdict)
      const [appear, opposite, unclear] = [named('appears'), named('opposite'), named('unclear')]
      return `Of ${claims.length} claims that the recorded study asks about, ${appear.length} appear, ${unclear.length} are unclear${unclear.length > 0 ? ` (${unclear.map(({ text }) => lower(text)).join('; ')})` : ''}, and of ${opposite.length} the opposite came out${opposite.length > 0 ? ` (${opposite.map(({ text }) => lower(text)).join('; ')})` : ''}. The view “Claims” has each with its seeds.`
    },
  },
]

export const stepOf = (id: string): Step => steps.find((step) => step.id === id) ?? steps[0]

const asValue = (t: number | null | undefined) => (t === null || t === undefined ? null : String(t))

/** What stands above the floor, and what the floor is. */
function left(f: Figures, t: number): string | null {
  const [loss, floor, above] = [f.loss('fm', t), f.floor(t), f.excess('fm', t)]
  if (!loss || floor === null || !above) return null
  return `at t = ${t} FM’s loss is ${said(loss)} over a floor of ${loss.spread ? toPlaceOf(loss.spread)(floor) : fixed(floor)}, which leaves ${said(above)} to learn.`
}

/** How far samples lie from real images, where that was measured. */
function apart(f: Figures): string {
  const [fm, lcf] = [f.distance('fm'), f.distance('lcf')]
  return fm && lcf ? `samples lie ${said(fm)} from held-out images with FM and ${said(lcf)} with LCF (Fréchet distance, ${f.distanceName}).` : 'how good the samples are was not measured in this run.'
}

function leastFallen(f: Figures | null): string | null {
  const falls = f?.bands.map(({ fall }) => fall?.mean ?? null) ?? []
  if (falls.length === 0 || falls.some((fall) => fall === null)) return null
  return String(falls.indexOf(Math.min(...(falls as number[]))))
}

/** In how many seeds a difference is above 0. */
function shareOf(figure: Figure | null): 'all' | 'some' | 'none' | null {
  if (!figure) return null
  const above = figure.each.filter((value) => value > 0).length
  return above === figure.each.length ? 'all' : above > 0 ? 'some' : 'none'
}

const compared = (share: ReturnType<typeof shareOf>) => share && { all: 'higher', some: 'mixed', none: 'lower' }[share]

/** “The loss …” within a sentence, but “LCF …” as it is. */
const lower = (text: string) => (/^[A-Z]{2}/.test(text) ? text : text.charAt(0).toLowerCase() + text.slice(1))

