import type { LocalPod } from '../model.ts';

/**
 * What the capture of one interface does. `idle` and `failed` have no source and get one as soon as it is due; a
 * `paused` or `retired` capture has none, or one that is ending; `overloaded` and `unavailable` outlast the source that they
 * began with, until the next source keeps up, or captures.
 */
export type CaptureState =
  | 'idle'
  | 'failed'
  | 'starting'
  | 'running'
  | 'overloaded'
  | 'paused'
  | 'unavailable'
  | 'retired';

export type CaptureEvent =
  /** A source is being started. */
  | 'start'
  /** The source captures. */
  | 'capturing'
  /** The source is at its limits, or has stopped because of them. */
  | 'overload'
  /** The source has kept up for a while. */
  | 'calm'
  /** The source has ended because it was asked to, or together with its interface or namespace. */
  | 'ended'
  /** The source has ended by itself. */
  | 'failed'
  /** The source cannot capture this interface. */
  | 'refused'
  /** The CPU budget has no room for the capture. */
  | 'pause'
  /** The capture may run again. */
  | 'resume'
  /** The interface has gone, or another one carries the pod. */
  | 'retire';

const INTERRUPTED = { pause: 'paused', retire: 'retired' } as const;

/** An event that a state does not list changes nothing. */
const TRANSITIONS: Record<CaptureState, Partial<Record<CaptureEvent, CaptureState>>> = {
  idle: { start: 'starting', ...INTERRUPTED },
  failed: { start: 'starting', ...INTERRUPTED },
  starting: {
    capturing: 'running',
    ended: 'idle',
    failed: 'failed',
    refused: 'unavailable',
    ...INTERRUPTED,
  },
  running: { overload: 'overloaded', ended: 'idle', failed: 'failed', ...INTERRUPTED },
  overloaded: { calm: 'running', refused: 'unavailable', ...INTERRUPTED },
  paused: { resume: 'idle', retire: 'retired' },
  unavailable: { capturing: 'running', ...INTERRUPTED },
  retired: { start: 'starting' },
};

export function nextState(state: CaptureState, event: CaptureEvent): CaptureState {
  return TRANSITIONS[state][event] ?? state;
}

/** The states of captures as they are reported. */
export const REPORTED_STATES = [
  'pending',
  'waiting',
  'starting',
  'running',
  'overloaded',
  'paused',
  'unavailable',
] as const;
export type ReportedState = (typeof REPORTED_STATES)[number];

type ApiState = Pick<LocalPod, 'ips' | 'terminating'>;

/** `hasSource`: a source runs, is being started or is ending. */
export function reportedState(
  state: CaptureState,
  pod: ApiState,
  hasSource: boolean,
): ReportedState {
  if (state === 'paused') return 'paused';
  // The network of a pod that is being deleted may have gone for good, whatever ended its last capture.
  if (pod.terminating && !hasSource) return 'pending';
  if (state === 'failed') return 'waiting';
  return state === 'idle' || state === 'retired' ? stateWithoutCapture(pod) : state;
}

/** `pending`: the API server reports a pod whose network is not made yet, or is being removed. `waiting`: a capture is due. */
export function stateWithoutCapture({ ips, terminating }: ApiState): 'pending' | 'waiting' {
  return ips.length > 0 && !terminating ? 'waiting' : 'pending';
}
