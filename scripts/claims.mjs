// Writes docs/claims.md: what each study's claims came to, out of the records in public/studies. A test holds that it is of these records.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = new URL('..', import.meta.url)
const cell = text => text.replaceAll('|', '\\|')
const digits = value => Number(value.toPrecision(3)).toString().replace('-', '−')

/** @param {object[]} records of studies, in the order in which they shall stand */
export function claimsPage(records) {
  const studies = records.map(({ study, title, figure, date, adapter, tick: { step }, claims }) => [
    `## \`${study}\`: ${title}`,
    `${figure}. ${step.toLocaleString('en')} steps, ${date}, ${adapter}.`,
    ['| what is claimed | source | effect, mean ± SD over the seeds | each seed | |', '| --- | --- | --- | --- | --- |',
      ...claims.map(({ text, source, unit, margin, effects, mean, deviation, verdict }) => `| ${cell(text)} | ${cell(source)} | ${digits(mean)} ± ${digits(deviation)} (${cell(unit)}${margin ? `; ${margin.kind === 'alike' ? `alike: within ±${margin.by}` : `no worse: no less than −${margin.by}`}` : ''}) | ${effects.map(digits).join(', ')} | ${verdict} |`)].join('\n'),
  ].join('\n\n'))
  return `${['# What came out\n\nWritten by `npm run claims` from the records in `public/studies/`, which `npm run reproduce -- <study>` makes and the page shows beside each experiment. “Appears”: all seeds agree in sign, and the mean is two standard errors from 0; “opposite”: the same, the other way; “unclear”: anything less. That something is alike or no worse appears where the mean lies within the margin named by two standard errors. With three seeds two standard errors make an 82 % interval.', ...studies].join('\n\n')}\n`
}

export function storedRecords() {
  const folder = new URL('public/studies/', root)
  return readdirSync(folder).filter(name => name.endsWith('.json')).sort().map(name => JSON.parse(readFileSync(new URL(name, folder), 'utf8')))
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(new URL('docs/claims.md', root), claimsPage(storedRecords()))
