import { Popover } from '@base-ui/react/popover'
import { ToolIcon } from '../ToolIcon.tsx'

interface Props {
  title: string
  words: readonly (string | undefined)[]
  paper?: string
}

/** What a picture is and how it was made, where there is no room for it below. */
export function What({ title, words, paper }: Props) {
  return (
    <Popover.Root>
      <Popover.Trigger className="quiet tool" aria-label={`What is this: ${title}`} title="What is this?"><ToolIcon name="what" /></Popover.Trigger>
      <Popover.Portal>
        <Popover.Positioner sideOffset={6} align="end" className="layer">
          <Popover.Popup className="popup">
            <Popover.Title>{title}</Popover.Title>
            {words.filter(Boolean).map((sentence) => <p key={sentence}>{sentence}</p>)}
            {paper && <p>{paper}</p>}
          </Popover.Popup>
        </Popover.Positioner>
      </Popover.Portal>
    </Popover.Root>
  )
}
