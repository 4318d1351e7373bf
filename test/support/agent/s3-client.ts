import type { Agent } from "node:http";

import { S3Client, type S3ClientConfig } from "@aws-sdk/client-s3";

/** A client of the AWS SDK that calls a server in the place of S3 through an agent. */
export function s3Client(
  endpoint: string,
  httpAgent: Agent,
  options: S3ClientConfig = {},
): S3Client {
  return new S3Client({
    endpoint,
    region: "us-east-1",
    forcePathStyle: true,
    credentials: { accessKeyId: "id", secretAccessKey: "secret" },
    requestHandler: { httpAgent },
    ...options,
  });
}
