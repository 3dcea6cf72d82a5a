/** A figure as it stands on the page, as one SVG that needs nothing else: its charts, the words around them, and where it comes from. */
import type { TableData } from './DataTable.tsx'

export interface Saved {
  text: string
  width: number
  height: number
}

export interface Words {
  title: string
  summary: string
  line: string
  link: string
}

const svgNamespace = 'http://www.w3.org/2000/svg'
/** What the page's style sheets decide of a chart. */
const styled = ['fill', 'fill-opacity', 'stroke', 'stroke-width', 'stroke-dasharray', 'stroke-opacity', 'opacity', 'font-size', 'font-family', 'font-weight', 'text-anchor', 'paint-order']

const margin = 16
const lineHeight = 16

/** @throws nothing: an empty figure gives its words alone */
export function figureSvg(figure: HTMLElement, { title, summary, line, link }: Words): Saved {
  const page = getComputedStyle(figure)
  const frame = figure.getBoundingClientRect()
  const parts = [...figure.querySelectorAll<Element>('svg.recharts-surface, svg[data-figure], canvas, [data-words], .axis-name')].filter((part) => part.getClientRects().length > 0)
  const width = Math.ceil(frame.width)
  const inner = width - 2 * margin
  const above = [...wrapped(title, inner, 7.6), ...wrapped(summary, inner, 6.4)]
  const heading = wrapped(title, inner, 7.6).length
  const top = margin + above.length * lineHeight + 4
  const boxes = parts.map((part) => part.getBoundingClientRect())
  const least = Math.min(...boxes.map((box) => box.top), Infinity)
  const most = Math.max(...boxes.map((box) => box.bottom), least)
  const body = Number.isFinite(least) ? most - least : 0
  const below = wrapped(line, inner, 5.6)
  const height = Math.ceil(top + body + 8 + below.length * 14 + margin)

  const root = element('svg', { xmlns: svgNamespace, width, height, viewBox: `0 0 ${width} ${height}`, 'font-family': 'system-ui, sans-serif' })
  root.append(text('title', title), text('desc', `${summary} ${line} ${link}`))
  root.append(element('rect', { width, height, fill: page.backgroundColor }))
  above.forEach((words, i) => root.append(text('text', words, { x: margin, y: margin + 12 + i * lineHeight, 'font-size': 13, 'font-weight': i < heading ? 650 : 400, fill: page.color })))
  parts.forEach((part, i) => {
    const [x, y] = [boxes[i].left - frame.left, top + boxes[i].top - least]
    if (part instanceof SVGSVGElement) root.append(copied(part, x, y, boxes[i]))
    else if (part instanceof HTMLCanvasElement) root.append(element('image', { href: part.toDataURL(), x, y, width: boxes[i].width, height: boxes[i].height, preserveAspectRatio: 'xMinYMin', style: 'image-rendering: pixelated' }))
    else {
      const { fontSize, color, textAlign } = getComputedStyle(part)
      const centred = textAlign === 'center'
      root.append(text('text', part.textContent ?? '', { x: centred ? x + boxes[i].width / 2 : x, y: y + boxes[i].height * 0.78, 'font-size': fontSize, fill: color, 'text-anchor': centred ? 'middle' : 'start' }))
    }
  })
  below.forEach((words, i) => root.append(text('text', words, { x: margin, y: top + body + 18 + i * 14, 'font-size': 10, fill: page.color })))
  return { text: new XMLSerializer().serializeToString(root), width, height }
}

/** The chart with every style written on the element itself. */
function copied(source: SVGSVGElement, x: number, y: number, { width, height }: DOMRect): SVGSVGElement {
  const copy = source.cloneNode(true) as SVGSVGElement
  const originals = [source, ...source.querySelectorAll('*')]
  const copies = [copy, ...copy.querySelectorAll('*')]
  originals.forEach((original, i) => {
    const style = getComputedStyle(original)
    for (const name of styled) copies[i].setAttribute(name, plainColour(style.getPropertyValue(name)))
    copies[i].removeAttribute('class')
    copies[i].removeAttribute('style')
  })
  for (const [name, value] of Object.entries({ x, y, width, height })) copy.setAttribute(name, String(value))
  copy.removeAttribute('tabindex')
  return copy
}

/** A mixed colour in the words that every program reads. */
export function plainColour(value: string): string {
  const mixed = /^color\(srgb ([\d.e-]+) ([\d.e-]+) ([\d.e-]+)\)$/.exec(value)
  return mixed ? `rgb(${mixed.slice(1).map((part) => Math.round(255 * Math.min(1, Math.max(0, Number(part))))).join(', ')})` : value
}

/** Twice as many pixels, for screens and slides. @throws Error where the browser cannot paint it */
export async function pngOf({ text: source, width, height }: Saved): Promise<Blob> {
  const url = URL.createObjectURL(new Blob([source], { type: 'image/svg+xml' }))
  try {
    const image = new Image()
    image.src = url
    await image.decode()
    const canvas = document.createElement('canvas')
    canvas.width = 2 * width
    canvas.height = 2 * height
    canvas.getContext('2d')!.drawImage(image, 0, 0, canvas.width, canvas.height)
    return await new Promise((resolve, reject) => canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error('no picture'))), 'image/png'))
  } finally {
    URL.revokeObjectURL(url)
  }
}

export function download(name: string, blob: Blob): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(blob)
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000) // the download may begin after the click
}

/** Fields with a comma, a quote or a line end in quotes (RFC 4180); the sign of a number as programs read it. */
export function csvOf({ columns, rows }: Pick<TableData, 'columns' | 'rows'>): string {
  const field = (value: string | number) => {
    const text = String(value).replace(/^−(?=\d)/, '-')
    return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
  }
  return `${[columns, ...rows].map((row) => row.map(field).join(',')).join('\n')}\n`
}

/** Lines of words that fit, by the mean width of a letter. */
function wrapped(words: string, width: number, letter: number): string[] {
  const most = Math.max(8, Math.floor(width / letter))
  const lines: string[] = []
  for (const word of words.split(/\s+/).filter(Boolean)) {
    const last = lines.at(-1)
    if (last !== undefined && last.length + 1 + word.length <= most) lines[lines.length - 1] = `${last} ${word}`
    else lines.push(word)
  }
  return lines
}

function element(name: string, attributes: Record<string, string | number>): SVGElement {
  const made = document.createElementNS(svgNamespace, name)
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value))
  return made
}

function text(name: string, words: string, attributes: Record<string, string | number> = {}): SVGElement {
  const made = element(name, attributes)
  made.textContent = words
  return made
}
