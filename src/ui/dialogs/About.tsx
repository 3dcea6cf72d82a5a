import { useOffline } from '../../store/offline.ts'
import { Modal } from './Modal.tsx'

/** What is shown here and what is known about it; only what was measured, in words that do not claim more. */
export function About() {
  return (
    <Modal name="about" title="About this lab">
      <h3>What happens here</h3>
      <p>
        A small diffusion transformer learns to turn noise into images. An image x₀ and noise ε are mixed as x = (1 − t)·x₀ + t·ε, so{' '}
        <b>t = 0 is clean and t = 1 is pure noise</b> (some papers count the other way). The network sees x and t and predicts the velocity
        ε − x₀; that is <b>flow matching (FM)</b>. Sampling follows the predicted velocity from noise to an image.
      </p>
      <p>
        Near t = 0 the input barely changes with the noise, but the answer still has to contain all of it: a small change of the input asks
        for a change of the output 1/t times as large. <b>Local Contrastive Flow (LCF)</b> stops asking for the velocity below a level T_min
        and pulls the features there towards those of the same image at T_min instead, away from those of other images.
      </p>
      <h3>What is known at this size</h3>
      <ul>
        <li>The loss is highest at low noise. At t = 0.001 nearly all of it is <b>irreducible</b>: the dashed floor is what no model can beat, and high loss is no proof of slow learning. Around t = 0.05 it is not: after 1,755 steps plain flow matching stood at 1.08 over a floor of 0.80 there, LCF at 0.92.</li>
        <li>At very low noise the class is still in the features, but you need more labels to read it. With 128 labels flow matching was read at 51 % at t = 0.001 and 69 % at t = 0.1, a fall of 18 ± 6 points; between t = 0.03 and 0.001 there was no clear difference.</li>
        <li>LCF was read at 81 % at t = 0.001, 30 ± 2 points above flow matching.</li>
        <li>At t = 0.1 the two learned the velocity alike. In earlier runs of a close relative in another program, with another time embedding, LCF was no faster anywhere and its samples were slightly worse, in three seeds of three.</li>
        <li>λ counts against the mean loss over pixels. With λ = 1 from the start, training is wrecked; 0.01 to 0.2 works.</li>
      </ul>
      <p>Figures are means (± SD) over three seeds of the recorded run that this page opens with; λ is from the earlier runs. Your charts show your run, with its own spread.</p>
      <h3>How to read the charts</h3>
      <p>Solid lines with markers are measured. Dashed lines are theory: what the data allow or the analysis asks for. Hatching marks noise levels below T_min. A numbered vertical line is a change you made under way.</p>
      <h3>Your data</h3>
      <p><b>Everything runs on this device. Nothing is uploaded.</b></p>
      <Offline />
    </Modal>
  )
}

function Offline() {
  const { kept, newer } = useOffline()
  if (newer) return <p><b>A newer version has come.</b> It starts when no tab of the lab is open any more; until then nothing changes here.</p>
  if (kept) return <p>This browser has a copy of the page: it opens without a network too. onnxruntime, example models and further recordings join it when they are first used.</p>
  return null
}
