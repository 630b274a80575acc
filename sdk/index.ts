/** `manyhands`: use the grid from a program. See docs/sdk.md. */
export {
  type Blame,
  type ErrorCode,
  GridError,
  isGridError,
} from '../coordinator-free-node/protocol/errors.js'
export type {
  JobHostView,
  JobPhase,
  JobView,
  LeaseView,
  NodeStatus,
  PeerView,
  ReceiptView,
  RefusalView,
  UnitCounts,
  VerificationView,
  WaitReason,
  WaitView,
  WhyView,
} from '../coordinator-free-node/protocol/gateway-api.js'
export {
  type AnyTask,
  defineTask,
  isTask,
  type JsUnit,
  type Kernel,
  type RangePlan,
  type Task,
  type TaskDefinition,
  type TaskPlan,
  type UnitPart,
} from '../tasks/contract.js'
export { decodeValue, encodeValue } from '../tasks/value.js'
export { connect } from './connect.js'
export { range } from './range.js'
export type {
  ConnectOptions,
  Correction,
  Encodable,
  EncodableAs,
  Found,
  Grid,
  Inputs,
  ItemOf,
  JobHandle,
  JobOptions,
  MapOptions,
  PartOf,
  Progress,
  Range,
  RawResult,
  ResultOf,
  Searched,
} from './types.js'
