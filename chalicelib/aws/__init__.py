"""The ports on AWS: rows in DynamoDB, messages in SQS, schedules in EventBridge. The SDK is imported here alone."""
