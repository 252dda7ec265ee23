import type { Counters, Slot } from '../model.ts';
import type { OpenWindows } from './open-windows.ts';

/** Sorts the bytes of one interface of a pod into windows of the wall clock. */
export interface WindowLedger {
  readonly windows: Pick<OpenWindows, 'ended' | 'close' | 'isFinished'>;
  /** The interface was found, with these counters: bytes are counted from here on, or from 0 if the interface is new. */
  begin(counters: Counters | undefined, isNew?: boolean): void;
  /** A capture begins: what was counted since the last one is in no slot. */
  captured(counters: Counters | undefined): void;
  /** The capture has ended: what was counted since its last slot is in no slot. */
  released(counters: Counters | undefined): void;
  /**
   * Takes a reading in between, since the interface may vanish before the next one. Counters that have gone back are those
   * of another interface, which has counted from 0.
   */
  observe(counters: Counters | undefined): void;
  /** Adds what a source has reported: every byte to exactly one window. */
  add(slot: Slot): void;
  /** The clock passes the end of the last window, and the next one begins. `isLast`: that will be empty. */
  turn(at: number, counters: Counters | undefined, isLast?: boolean): void;
  /** For sources that are drained at the end of a window: they have read the counters then. */
  readonly isDrained?: boolean;
  /** For sources that have read the counters and begin in a moment: until then later readings are not taken. */
  isHeld?: boolean;
  /** For sources that CPU_BUDGET pauses: from the end of this capture until the next one bytes are missing because of that. */
  pause?(): void;
  /** For sources that have limits: bytes that are missing since just before the last slot are so because of them. */
  overloaded?: boolean;
}
