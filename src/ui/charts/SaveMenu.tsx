import { Menu } from '@base-ui/react/menu'
import type { RefObject } from 'react'
import { stamp } from '../../store/stamp.ts'
import { announce } from '../../store/ui.ts'
import { ToolIcon } from '../ToolIcon.tsx'
import type { TableData } from './DataTable.tsx'
import { csvOf, download, figureSvg, pngOf } from './save.ts'

interface Props {
  name: string
  title: string
  summary: string
  step: number | null
  figure: RefObject<HTMLElement | null>
  tables: () => TableData[]
  csv?: () => string
  /** A table has no picture to save. */
  drawn: boolean
}

/** The figure's numbers and its picture as files, each with where it comes from. */
export function SaveMenu({ name, title, summary, step, figure, tables, csv, drawn }: Props) {
  const file = (kind: string) => `low-noise-lab-${name.replace(/\W+/g, '-')}${step === null ? '' : `-step-${step}`}.${kind}`
  const numbers = () => {
    const { line, link } = stamp(step)
    download(file('csv'), new Blob([`# ${title}\n# ${line}\n# ${link}\n${csv?.() ?? tables().map(csvOf).join('\n')}`], { type: 'text/csv' }))
  }
  const picture = () => figureSvg(figure.current!, { title, summary, ...stamp(step) })
  const png = async () => {
    try {
      download(file('png'), await pngOf(picture()))
    } catch {
      announce('The browser could not paint this picture; the SVG holds the same.')
    }
  }
  return (
    <Menu.Root modal={false}>
      <Menu.Trigger className="quiet tool" aria-label={`Save ${title}`} title="Save as a file"><ToolIcon name="save" /></Menu.Trigger>
      <Menu.Portal>
        <Menu.Positioner sideOffset={4} align="end" className="layer">
          <Menu.Popup className="menu">
            <Menu.Item onClick={numbers}>Numbers (CSV)</Menu.Item>
            <Menu.Item disabled={!drawn} onClick={() => download(file('svg'), new Blob([picture().text], { type: 'image/svg+xml' }))}>Picture (SVG)</Menu.Item>
            <Menu.Item disabled={!drawn} onClick={() => void png()}>Picture (PNG)</Menu.Item>
          </Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.Root>
  )
}
