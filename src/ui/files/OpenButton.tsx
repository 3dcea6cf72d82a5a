import { openDialog } from '../../store/ui.ts'

export function OpenButton() {
  return <button type="button" onClick={() => openDialog('model')} aria-haspopup="dialog">Open</button>
}
