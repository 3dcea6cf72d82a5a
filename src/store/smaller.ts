import type { Config } from '../config.ts'

/** The same experiment at a size that a processor pretending to be a GPU can train in a minute or two. */
export function smallerConfig(config: Config): Config {
  const { net, objective, train, evaluate } = config
  const blocks = Math.min(net.blocks, 3)
  return {
    ...config,
    net: { ...net, width: Math.max(4 * net.heads, Math.min(net.width, 32) - (Math.min(net.width, 32) % (4 * net.heads))), blocks },
    objective: { ...objective, layer: Math.min(objective.layer, Math.max(1, blocks - 1)) },
    train: { ...train, batch: Math.min(train.batch, 32), steps: Math.min(train.steps, 600) },
    evaluate: { ...evaluate, perLevel: Math.min(evaluate.perLevel, 32), samples: Math.min(evaluate.samples, 9) },
  }
}
