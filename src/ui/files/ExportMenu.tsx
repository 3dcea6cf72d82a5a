import { Menu } from '@base-ui/react/menu'
import { useEffect, useState } from 'react'
import type { ExportAsked } from '../../protocol.ts'
import { post } from '../../store/bridge.ts'
import { exportName, nextRequest, useExports } from '../../store/exports.ts'
import { hasRun, useRun } from '../../store/run.ts'
import { announce } from '../../store/ui.ts'
import { download } from '../charts/save.ts'
import { type Series, useOwnSeries } from '../charts/series.ts'
import styles from './Files.module.css'

const ask = (asked: ExportAsked) => post({ type: 'export', requestId: nextRequest(), asked })

/** The run, or one replica's weights, as a file. Training goes on meanwhile. */
export function ExportMenu() {
  const able = useRun(({ phase, tick }) => hasRun(phase) && tick !== null)
  const waiting = useExports((state) => state.waiting !== null)
  const series = useOwnSeries()
  useSaving(series)
  const own = useRun(({ tick }) => tick?.config.objective.layer ?? 0)
  const blocks = useRun(({ tick }) => tick?.config.net.blocks ?? 0)
  const [chosen, setChosen] = useState<number | null>(null)
  const layer = chosen !== null && chosen <= blocks ? chosen : own
  return (
    <Menu.Root modal={false}>
      <Menu.Trigger disabled={!able || waiting}>{waiting ? 'Exporting …' : 'Export'}</Menu.Trigger>
      <Menu.Portal>
        <Menu.Positioner sideOffset={4} align="start" className="layer">
          <Menu.Popup className={`menu ${styles.menu}`}>
            <Menu.Item onClick={() => ask({ what: 'run' })}>Whole run (.zip), to go on with anywhere</Menu.Item>
            <LayerMenu blocks={blocks} own={own} layer={layer} choose={setChosen} />
            {series.map((replica) => <ReplicaMenu key={replica.index} replica={replica} layer={layer === own ? undefined : layer} />)}
          </Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.Root>
  )
}

/** The block whose mean token an ONNX file answers with beside the velocity. */
function LayerMenu({ blocks, own, layer, choose }: { blocks: number; own: number; layer: number; choose: (layer: number) => void }) {
  return (
    <Menu.SubmenuRoot>
      <Menu.SubmenuTrigger className={styles.submenu}>ONNX features: after block {layer}<span aria-hidden="true">▸</span></Menu.SubmenuTrigger>
      <Menu.Portal>
        <Menu.Positioner className="layer">
          <Menu.Popup className={`menu ${styles.menu}`}>
            <Menu.RadioGroup aria-label="ONNX features" value={layer} onValueChange={choose}>
              {Array.from({ length: blocks }, (_, i) => i + 1).map((each) => (
                <Menu.RadioItem key={each} value={each} closeOnClick={false}>{each === layer ? '✓ ' : ''}After block {each}{each === own && ', as in this run'}</Menu.RadioItem>
              ))}
            </Menu.RadioGroup>
          </Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.SubmenuRoot>
  )
}

function ReplicaMenu({ replica: { index, label }, layer }: { replica: Series; layer: number | undefined }) {
  return (
    <Menu.SubmenuRoot>
      <Menu.SubmenuTrigger className={styles.submenu}>{label}<span aria-hidden="true">▸</span></Menu.SubmenuTrigger>
      <Menu.Portal>
        <Menu.Positioner className="layer">
          <Menu.Popup className="menu">
            {(['onnx', 'safetensors'] as const).flatMap((what) => (['ema', 'raw'] as const).map((weights) => (
              <Menu.Item key={what + weights} onClick={() => ask({ what, replica: index, weights, ...(what === 'onnx' ? { layer } : {}) })}>{words[what]}, {words[weights]}</Menu.Item>
            )))}
            <Menu.Item onClick={() => ask({ what: 'pytorch', replica: index })}>Continue in PyTorch (.zip)</Menu.Item>
          </Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.SubmenuRoot>
  )
}

const words = { onnx: 'ONNX', safetensors: 'safetensors', ema: 'EMA weights', raw: 'raw weights' } as const

/** Saves what came, or says why nothing did. */
function useSaving(series: readonly Series[]): void {
  const done = useExports((state) => state.done)
  useEffect(() => {
    if (!done) return
    useExports.setState({ done: null })
    if (!done.bytes) {
      announce(`Nothing was exported: ${done.problem}.`)
      return
    }
    const name = exportName(done, series.map(({ label }) => label))
    download(name, new Blob([done.bytes]))
    announce(`Saved as ${name}.`)
  }, [done, series])
}
