/** Sentences about a set of one's own. */
import type { OwnSet } from '../../file_protocol.ts'
import { count } from '../numbers.ts'

export function splitSentence({ train, test, split }: OwnSet): string {
  return `${count(train)} images to train on, ${count(test)} held out, ${split === 'given' ? 'as the files have it' : 'by a draw that is the same each time'}.`
}

export function formSentence({ kind, size, channels, classes }: OwnSet): string {
  return `${kind}, ${size}×${size} pixels, ${channels === 1 ? 'grey' : 'in colour'}, ${classes.length === 1 ? 'one class' : `${classes.length} classes`}.`
}
