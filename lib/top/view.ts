import type { LivePeer } from '../live/frame.ts';

/** Bit/s. */
export interface Rates {
  readonly send: number;
  readonly receive: number;
}

/** A pod and one of its peers as the pod sees them. */
export interface View extends LivePeer {
  readonly namespace: string;
  readonly pod: string;
  readonly workload: string;
  readonly node: string;
  /** In the last slot, of some two seconds. */
  readonly now: Rates;
  /** In the last ten and forty seconds, or since the agent is asked, if that is less. */
  readonly mean10: Rates;
  readonly mean40: Rates;
  /** IP bytes since the agent is asked. */
  readonly sentBytes: number;
  readonly receivedBytes: number;
}

/** What is known of one agent. */
export interface AgentState {
  /** Its node, or what else it is asked by. */
  readonly agent: string;
  /** `connecting`: no frame yet; `live`: frames come; `lost`: they have stopped, and it is asked again. */
  readonly state: 'connecting' | 'live' | 'lost';
  /** Why it is lost. */
  readonly reason: string | undefined;
  /** Captures that should run and do not. */
  readonly notCaptured: number;
  /** Frames, of a second each, that were lost on the way since the agent is asked: sums and means are too low by them. */
  readonly framesLost: number;
}

/** What all who show something read: the flows of all agents that answer, and how these are. */
export interface Live {
  /** Of every pod of the agents that answer, at this moment. */
  views(): View[];
  agents(): AgentState[];
  /** Whether the agents that answer are those of all nodes of the cluster. */
  readonly isComplete: boolean;
}
