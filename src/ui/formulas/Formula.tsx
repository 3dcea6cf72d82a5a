import mathml from './formulas.json'
import styles from './Formula.module.css'

const written: Record<string, string> = mathml

/** A formula that was made into MathML before the page was built: browsers draw it and screen readers speak it, without a script. */
export function Formula({ latex }: { latex: string }) {
  // oxlint-disable-next-line react/no-danger -- written by KaTeX from our own LaTeX; nothing of the visitor's comes here
  return <div className={styles.formula} dangerouslySetInnerHTML={{ __html: written[latex] ?? '' }} />
}
