import { Popover } from '@base-ui/react/popover'
import { closeExplanation, useExplain } from '../../store/explain.ts'
import { Formula } from '../formulas/Formula.tsx'

/** The one pop-up for all questions “What is this?”. Escape closes it, and the focus goes back to the button. */
export function Explained() {
  const { shown, anchor } = useExplain()
  return (
    <Popover.Root
      open={shown !== null}
      onOpenChange={(open, { event }) => {
        const places = [event.target, event instanceof FocusEvent ? event.relatedTarget : null]
        const onButton = places.some((place) => place instanceof Node && anchor?.contains(place)) // which closes by itself
        if (!open && !onButton) closeExplanation()
      }}
    >
      <Popover.Portal>
        <Popover.Positioner anchor={anchor} sideOffset={6} align="end" collisionPadding={8} className="layer">
          <Popover.Popup className="popup" finalFocus={() => anchor}>
            {shown && (
              <>
                <Popover.Title>{shown.title}</Popover.Title>
                {shown.words.filter(Boolean).map((sentence) => <p key={sentence}>{sentence}</p>)}
                {shown.formula && <Formula latex={shown.formula} />}
                <p>{shown.paper ?? 'No paper sets this: it is a choice of this lab.'}</p>
              </>
            )}
          </Popover.Popup>
        </Popover.Positioner>
      </Popover.Portal>
    </Popover.Root>
  )
}
