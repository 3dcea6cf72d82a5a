import { post } from '../../store/bridge.ts'
import { openDialog } from '../../store/ui.ts'

export function SavedRunsButton() {
  const show = () => {
    post({ type: 'saves' })
    openDialog('saved')
  }
  return <button type="button" className="quiet" onClick={show}>Saved runs</button>
}
