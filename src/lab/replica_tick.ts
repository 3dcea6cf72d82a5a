/** One replica as the page sees it, and a run that nobody trains. */
import { apartBy, type Config } from '../config.ts'
import { resolveReplica } from '../model/replica.ts'
import { parameterLayout } from '../model/parameters.ts'
import type { ReplicaTick, Tick } from '../protocol.ts'
import { ReplicaHistory, startBands } from './history.ts'
import type { Checkpoint } from './session.ts'

const finite = (value: number) => (Number.isFinite(value) ? value : null)

/** The name its user gave it, or its method's with what sets it apart. */
export function replicaLabel(config: Config, r: number): string {
  const replica = config.replicas[r]
  return replica.label ?? resolveReplica(config, replica).method.label + apartBy(config, replica)
}

export function replicaTick(config: Config, r: number, history: ReplicaHistory): ReplicaTick {
  const { objective, train, method } = resolveReplica(config, config.replicas[r])
  const knobs = method.knobs(objective)
  const { last } = history
  const anchored = last !== null && last.anchors > 0
  return {
    label: replicaLabel(config, r), method: method.id, seed: train.seed,
    flow: history.series('flow'), flowSmooth: history.series('flowSmooth'), gradientNorm: history.series('gradientNorm'),
    contrastive: method.term ? history.series('contrastive') : { step: [], value: [] },
    last: {
      flow: last && finite(last.flow), gradientNorm: last && finite(last.gradientNorm), learningRate: last?.rate ?? 0, anchors: last?.anchors ?? 0,
      contrastive: anchored ? finite(last.contrastive) : null, positiveDistance: anchored ? finite(last.positive) : null, negativeDistance: anchored ? finite(last.negative) : null,
    },
    skipped: last?.skipped ?? 0, emptyAnchors: last?.empty ?? 0,
    knobs: { tMin: knobs.tMin, lambda: knobs.lambda, tau: objective.tau, learningRate: train.learningRate },
  }
}

/** A kept run as it stood when it was kept; its weights stay where they are. Without a history there are empty charts. */
export function keptTick(runId: string, { config, step, history }: Checkpoint): Tick {
  const { losses = [], bands = startBands(), samples = null, events = [] } = history ?? {}
  return {
    type: 'tick', runId, sequence: 0, state: step >= config.train.steps ? 'finished' : 'paused', step, steps: config.train.steps, stepsPerSecond: 0, config,
    replicas: config.replicas.map((_, r) => replicaTick(config, r, history ? ReplicaHistory.of(history.replicas[r]) : new ReplicaHistory(step))),
    lossByT: losses.at(-1) ?? null, bands, samples, events, cost: { bytes: 0, dispatches: 0, submits: 0, parameters: parameterLayout(config.net).count },
  }
}
