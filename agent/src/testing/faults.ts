import type { AgentFrame, ControlPlaneAck, EnrolmentReceipt, EnrolmentRefusal, SigningKey } from '@pilothouse/protocol';
import type { PublishReceipt } from '../link/answer.js';

/** Ways in which the scripted control plane misbehaves. Each is off until a test sets it. */
export interface Faults {
  /** Answers no HTTP request at all. */
  hangHttp?: boolean;
  /** Takes the TCP connection but never answers the upgrade. */
  hangUpgrade?: boolean;
  /** Answers the upgrade with this status. */
  refuseUpgrade?: number;
  /** Never acknowledges the connection. */
  hangHandshake?: boolean;
  /** As a proxy that knows only the usual headers. */
  stripChallengeHeader?: boolean;
  /** Closes with this code instead of acknowledging. */
  closeOnHello?: { code: number; reason: string };
  /** Signs the acknowledgement with this key. */
  ackKey?: SigningKey;
  /** Changes the acknowledgement before it is signed. */
  changeAck?: (ack: Omit<ControlPlaneAck, 'signature'>) => Omit<ControlPlaneAck, 'signature'>;
  enrolmentRefusal?: EnrolmentRefusal;
  /** Takes the enrolment in and cuts the connection instead of answering. */
  cutEnrolment?: boolean;
  receiptKey?: SigningKey;
  changeReceipt?: (receipt: EnrolmentReceipt) => EnrolmentReceipt;
  /** Judges each publish: what it returns is the answer; a throw is a GraphQL error; never resolving is a hang. */
  onPublish?: (frames: readonly AgentFrame[]) => PublishReceipt | Promise<PublishReceipt>;
}
