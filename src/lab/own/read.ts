/** Files to images with labels, whatever their format. Nothing is believed that a file says of itself before it was checked. */
import { ConfigError } from '../../config.ts'
import { stemOf, unpacked } from './archives.ts'
import { isNpy, readArrays } from './arrays.ts'
import { isCifar, readCifar } from './cifar.ts'
import { isIdx, readIdxFiles } from './idx.ts'
import { type DecodePicture, isPicture, readPictures } from './pictures.ts'
import { type GivenFile, LEAST, said, type Source } from './source.ts'

const ACCEPTED = 'CIFAR-10 (.bin, .tar.gz), IDX as MNIST has it (.gz or plain), NumPy arrays (.npz, .npy) and PNG or JPEG pictures in folders (.zip or a folder) are read'

export interface Opened {
  source: Source
  /** What the files are called. */
  name: string
}

/** @throws ConfigError with one sentence */
export async function readSource(files: readonly GivenFile[], decode: DecodePicture, progress: (done: number, total: number) => void = () => {}): Promise<Opened> {
  if (files.length === 0) throw new ConfigError(`there are no files; ${ACCEPTED}`)
  const all = await unpacked(files)
  const source = await formatOf(all)(decode, progress)
  const count = source.labels.length
  if (count < 2 * LEAST) throw new ConfigError(`there ${count === 1 ? 'is 1 image' : `are ${said(count)} images`}; at least ${2 * LEAST} are needed, half of them to hold out`)
  return { source, name: nameOf(files) }
}

/** Of one file its name, of several the folder they share. */
function nameOf(files: readonly GivenFile[]): string {
  const folders = files[0].path.split('/')
  return (files.length > 1 && folders.length > 1 ? folders[0] : stemOf(files[0].path)).slice(0, 40) || 'images'
}

function formatOf(files: GivenFile[]): (decode: DecodePicture, progress: (done: number, total: number) => void) => Promise<Source> {
  const of = (fits: (path: string) => boolean) => files.filter(({ path }) => fits(path))
  const [arrays, cifar, pictures, idx] = [isNpy, isCifar, isPicture, isIdx].map(of)
  const kinds = [arrays, cifar, pictures, idx.filter(file => !pictures.includes(file) && !arrays.includes(file) && !cifar.includes(file))]
  const some = kinds.filter(kind => kind.length > 0)
  if (some.length > 1) throw new ConfigError(`the files are of several formats (${some.map(([{ path }]) => path).join(', ')} …); bring those of one`)
  if (arrays.length > 0) return () => readArrays(arrays)
  if (cifar.length > 0) return () => readCifar(cifar)
  if (pictures.length > 0) return (decode, progress) => readPictures(pictures, decode, progress)
  if (idx.length > 0) return () => readIdxFiles(idx)
  const python = files.find(({ path }) => /(^|\/)(data_batch_\d|test_batch)$/.test(path))
  if (python) throw new ConfigError('this is the Python version of CIFAR-10, which only Python can read; take the binary version, cifar-10-binary.tar.gz')
  throw new ConfigError(`${files[0]?.path ?? 'the archive'} ${files.length > 0 ? 'is of no format that is known' : 'holds no files'}; ${ACCEPTED}`)
}
