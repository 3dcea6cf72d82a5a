/** Classifiers that come with the lab, one file `<data set>-<side>.safetensors` in this folder each: DiT's names, the softmax's two tensors, notes. */
import { ConfigError, netSchema } from '../../config.ts'
import type { Classifier } from '../../model/classifier.ts'
import { fromNamed, parameterLayout, toNamed } from '../../model/parameters.ts'
import { readSafetensors, writeSafetensors } from '../safetensors.ts'

const WEIGHT = 'classifier.weight'
const BIAS = 'classifier.bias'

/** @param notes what else shall stand in the file: the command that made it */
export function encodeClassifier({ net, classes: K, parameters, head, accuracy, tested }: Classifier, notes: Record<string, string> = {}): Uint8Array<ArrayBuffer> {
  const C = net.width
  const row = (k: number) => head.subarray(k * (C + 1), (k + 1) * (C + 1))
  const weight = new Float32Array(K * C)
  for (let k = 0; k < K; k++) weight.set(row(k).subarray(0, C), k * C)
  return writeSafetensors({
    ...toNamed(parameterLayout(net), parameters), [WEIGHT]: { shape: [K, C], data: weight }, [BIAS]: { shape: [K], data: Float32Array.from({ length: K }, (_, k) => row(k)[C]) },
  }, { ...notes, net: JSON.stringify(net), accuracy: String(accuracy), tested: String(tested) })
}

/** @throws ConfigError or RangeError with one sentence */
export function decodeClassifier(bytes: Uint8Array): Classifier {
  const { tensors, metadata } = readSafetensors(bytes)
  const net = netSchema.parse(JSON.parse(metadata.net))
  const named = Object.fromEntries(Object.entries(tensors).flatMap(([name, { shape, data }]) => (data ? [[name, { shape, data }]] : [])))
  const [weight, bias] = [named[WEIGHT], named[BIAS]]
  const [K, C] = [bias?.shape[0] ?? 0, net.width]
  if (weight?.shape.join() !== `${K},${C}`) throw new ConfigError(`this is no classifier of the lab: it has no ${WEIGHT} of ${C} columns`)
  const head = Float32Array.from({ length: K * (C + 1) }, (_, i) => (i % (C + 1) < C ? weight.data[Math.floor(i / (C + 1)) * C + (i % (C + 1))] : bias.data[Math.floor(i / (C + 1))]))
  return { net, classes: K, parameters: fromNamed(parameterLayout(net), named), head, accuracy: Number(metadata.accuracy), tested: Number(metadata.tested) }
}
