import { requestSelfTest } from '../../store/actions.ts'
import { useRun } from '../../store/run.ts'
import { Modal } from './Modal.tsx'

/** Every kernel on the visitor's own GPU against the same mathematics in double precision. */
export function SelfTest() {
  const rows = useRun((state) => state.selfTest?.rows ?? null)
  const progress = useRun((state) => state.progress)
  const able = useRun(({ phase }) => phase !== 'probing' && phase !== 'running' && phase !== 'starting')
  const failed = rows?.filter(({ passed }) => !passed).length ?? 0
  return (
    <Modal name="self-test" title="Self-test">
      <p>Runs every kernel on this GPU and compares it with the same mathematics in double precision on the processor.</p>
      <p>
        <button type="button" className="primary" disabled={!able} onClick={requestSelfTest}>Run the self-test</button>
        {!able && <> Pause the training first.</>}
      </p>
      {progress && <p><progress max={progress.total || 1} value={progress.done} aria-label={progress.label} /> {progress.label}</p>}
      {rows && (
        <>
          <output>{failed === 0 ? `All ${rows.length} passed.` : `${failed} of ${rows.length} failed.`}</output>
          {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a scrolling region must be reachable by keyboard */}
          <section className="scroll-table" tabIndex={0} aria-label="Results of the self-test">
            <table>
              <thead><tr><th scope="col">kernel</th><th scope="col">shape</th><th scope="col">error</th><th scope="col">allowed</th><th scope="col">result</th></tr></thead>
              <tbody>
                {rows.map((row) => (
                  <tr key={`${row.kernel} ${row.shape}`}>
                    <th scope="row">{row.kernel}</th>
                    <td>{row.shape}</td>
                    <td>{row.error.toExponential(1)}</td>
                    <td>{row.tolerance.toExponential(1)}</td>
                    <td>{row.passed ? 'passed' : <strong>failed</strong>}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </section>
        </>
      )}
    </Modal>
  )
}
