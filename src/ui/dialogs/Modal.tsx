import { Dialog } from '@base-ui/react/dialog'
import type { ReactNode } from 'react'
import { type DialogName, openDialog, useUi } from '../../store/ui.ts'

interface Props {
  name: DialogName
  title: string
  children: ReactNode
}

export function Modal({ name, title, children }: Props) {
  const open = useUi((state) => state.dialog === name)
  return (
    <Dialog.Root open={open} onOpenChange={(next) => openDialog(next ? name : null)}>
      <Dialog.Portal>
        <Dialog.Backdrop className="backdrop" />
        <Dialog.Popup className="dialog" data-dialog={name}>
          <div className="dialog-head">
            <Dialog.Title>{title}</Dialog.Title>
            <Dialog.Close className="quiet" aria-label="Close">×</Dialog.Close>
          </div>
          {children}
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  )
}
