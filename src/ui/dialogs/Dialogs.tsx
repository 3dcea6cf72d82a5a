import { OwnData } from '../data/OwnData.tsx'
import { OpenModel } from '../files/OpenModel.tsx'
import { Sheet } from '../lesson/Sheet.tsx'
import { ClassLink } from '../runs/ClassLink.tsx'
import { Sweep } from '../runs/Sweep.tsx'
import { About } from './About.tsx'
import { Explained } from './Explained.tsx'
import { Fork } from './Fork.tsx'
import { Keys } from './Keys.tsx'
import { OtherTab } from './OtherTab.tsx'
import { SelfTest } from './SelfTest.tsx'

/** Whatever opens over the page: none of it is needed to see the page. */
export default function Dialogs() {
  return (
    <>
      <About />
      <Explained />
      <Keys />
      <SelfTest />
      <Fork />
      <OtherTab />
      <OwnData />
      <OpenModel />
      <Sweep />
      <ClassLink />
      <Sheet />
    </>
  )
}
