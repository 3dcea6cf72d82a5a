import { trainHereAnyway } from '../../store/actions.ts'
import { openDialog } from '../../store/ui.ts'
import { Modal } from './Modal.tsx'

export function OtherTab() {
  return (
    <Modal name="other-tab" title="Another tab is training">
      <p>Two runs share one GPU, and both get slower. Pause the other tab, or train here as well.</p>
      <p className="row">
        <button type="button" className="primary" onClick={trainHereAnyway}>Train here anyway</button>
        <button type="button" onClick={() => openDialog(null)}>Not now</button>
      </p>
    </Modal>
  )
}
