import { OwnData } from '../data/OwnData.tsx'
import { OpenModel } from '../files/OpenModel.tsx'
import { Sheet } from '../lesson/Sheet.tsx'
import { SavedRuns } from '../saved/SavedRuns.tsx'
import { About } from './About.tsx'
import { Fork } from './Fork.tsx'
import { Keys } from './Keys.tsx'
import { OtherTab } from './OtherTab.tsx'
import { SelfTest } from './SelfTest.tsx'

/** Whatever opens over the page: none of it is needed to see the page. */
export default function Dialogs() {
  return (
    <>
      <About />
      <Keys />
      <SelfTest />
      <Fork />
      <OtherTab />
      <OwnData />
      <OpenModel />
      <SavedRuns />
      <Sheet />
    </>
  )
}
