import { Modal } from './Modal.tsx'

const keys = [
  ['Space', 'Run, pause or go on'],
  ['S', 'One training step, while paused'],
  ['R', 'Restart with the settings on the page'],
  ['← → P', 'Inside a step: a move back, a move on (with Shift: a stage), slow motion'],
  ['L', 'Into the lesson, where it was left, and out again'],
  ['?', 'This list'],
  ['← →', 'On a slider: a step; Page Up and Page Down: a larger one; Home and End: the ends'],
  ['Esc', 'Close a dialog'],
] as const

export function Keys() {
  return (
    <Modal name="keys" title="Keyboard">
      <dl className="keys">
        {keys.map(([key, meaning]) => (
          <div key={key}>
            <dt><kbd>{key}</kbd></dt>
            <dd>{meaning}</dd>
          </div>
        ))}
      </dl>
      <p>The letters work while no control has the focus. Charts take the arrow keys to move along a line.</p>
    </Modal>
  )
}
