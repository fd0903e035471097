import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';

/** A modal dialog. When it closes, the element that had the focus before gets it again. */
export const Dialog = ({
  title,
  onClose,
  wide = false,
  children,
}: {
  readonly title: string;
  readonly onClose: () => void;
  /** For long texts. */
  readonly wide?: boolean;
  readonly children: ComponentChildren;
}): ComponentChildren => {
  const dialog = useRef<HTMLDialogElement>(null);
  // Before the next paint: no key press goes to what is under the dialog.
  useLayoutEffect(() => {
    const before = document.activeElement as HTMLElement | null;
    const shown = dialog.current;
    shown?.showModal();
    return () => {
      // While it is modal, no element outside of it can have the focus.
      shown?.close();
      before?.focus();
    };
  }, []);
  return (
    <dialog ref={dialog} class={wide ? 'wide' : ''} aria-labelledby="dialog-title" onClose={onClose}>
      <h2 id="dialog-title">{title}</h2>
      {children}
    </dialog>
  );
};

/** Asks for a confirmation of an action that cannot be undone. */
export const Confirm = ({
  title,
  text,
  action,
  onYes,
  onNo,
}: {
  readonly title: string;
  readonly text: string;
  readonly action: string;
  readonly onYes: () => void;
  readonly onNo: () => void;
}): ComponentChildren => (
  <Dialog title={title} onClose={onNo}>
    <p>{text}</p>
    <div class="buttons">
      <button type="button" class="grave" onClick={onYes}>
        {action}
      </button>
      <button type="button" onClick={onNo} autofocus>
        Cancel
      </button>
    </div>
  </Dialog>
);
