import { Type } from 'typebox';
import { Name, nullable, Tenant } from '../tenancy/index.ts';
import { NewEmail, NewPassword } from './schemas.ts';

const OneTimeToken = Type.String({ minLength: 1, maxLength: 128 });

export const ProfileChange = Type.Object({ name: Type.Optional(nullable(Name)) });
export const PasswordChange = Type.Object({ current: Type.String({ minLength: 1, maxLength: 1024 }), new: NewPassword });
export const PasswordForgot = Type.Object({ email: NewEmail });
export const PasswordReset = Type.Object({ token: OneTimeToken, password: NewPassword });

export const DeviceStart = Type.Object({ client_name: Type.Optional(nullable(Name)) });
export const DeviceCodes = Type.Object(
  {
    device_code: Type.String(),
    user_code: Type.String({ description: 'For the user to type where the browser is logged in' }),
    verification_uri: Type.String(),
    verification_uri_complete: Type.String(),
    expires_in: Type.Integer({ description: 'Seconds' }),
    interval: Type.Integer({ description: 'Seconds to wait between two polls' }),
  },
  { $id: 'DeviceCodes' },
);
export const DeviceApproval = Type.Object({ user_code: Type.String({ minLength: 8, maxLength: 32 }) });
export const DevicePoll = Type.Object({ device_code: OneTimeToken });
export const DeviceToken = Type.Object(
  { api_key: Type.String({ description: 'A key of the user who approved: returned this once' }), tenant: Tenant },
  { $id: 'DeviceToken' },
);
