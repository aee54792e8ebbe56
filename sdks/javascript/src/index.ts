/** Clients of a Sluice deployment's APIs. The default export is AstraFlow's. */

export { AstraClient, AstraClient as default, AstraTaskPage, UserPage } from './astraflow';
export type {
  AstraClientOptions,
  AstraTask,
  AstraTaskChanges,
  AstraTaskPriority,
  AstraTaskQuery,
  AstraTaskStatus,
  AstraTaskSummary,
  Confirmation,
  CreatedAstraTask,
  CreatedWebhook,
  Delivery,
  DeliveryAttempt,
  DeliveryQuery,
  NewAstraTask,
  NewUser,
  NewWebhook,
  PageQuery,
  RotatedWebhook,
  UpdatedAstraTask,
  User,
  UserQuery,
  UserRole,
  Webhook,
  WebhookEvent,
  WebhookEventName,
} from './astraflow';
export type { Ambient } from './ambient';
export { AsyncQueueClient, TaskPage } from './asyncqueue';
export type {
  ApiKey,
  AsyncQueueClientOptions,
  Attempt,
  CallbackMethod,
  CompletionEvent,
  CreatedApiKey,
  GetTaskOptions,
  Member,
  NewTask,
  Pagination,
  PollOptions,
  RetryBackoff,
  RotatedApiKey,
  Rotation,
  SigningSecret,
  Task,
  TaskQuery,
  TaskResult,
  TaskStatus,
} from './asyncqueue';
export { AsyncFlowClient, MessagePage } from './asyncflow';
export type {
  AcceptedMessage,
  AsyncFlowClientOptions,
  GetMessageOptions,
  GroupReport,
  Message,
  MessageQuery,
  MessageStatus,
  NewMessage,
} from './asyncflow';
export { AsimovClient } from './asimov';
export type {
  AsimovClientOptions,
  GetOperationTaskOptions,
  OperationError,
  OperationState,
  OperationTask,
  Resource,
  ResourceMetadata,
  SimpleOperationTask,
} from './asimov';
export {
  APIConnectionError,
  APIStatusError,
  APITimeoutError,
  AstraError,
  AuthenticationError,
  BadRequestError,
  ConfigurationError,
  ConflictError,
  NotFoundError,
  PermissionDeniedError,
  RateLimitError,
  ServerError,
  UnexpectedAnswerError,
  UnprocessableError,
  WaitTimeoutError,
  WebhookVerificationError,
} from './errors';
export type { ClientOptions, CreateOptions, RequestOptions, WaitOptions } from './options';
export { NumberedPage, Page } from './page';
export { APIPromise, PagePromise } from './promise';
export type { WithResponse } from './promise';
export type { TokenSource } from './tokens';
export { VERSION } from './version';
export { verifyWebhook } from './webhooks';
export type { IncomingHeaders, VerifyOptions } from './webhooks';
