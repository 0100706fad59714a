//! The rules by which requests are decided. `docs/rules.md` lists them with their sources; the
//! id is what the trace, the log event, `cardea why` and the tests show.

macro_rules! rules {
    ($($(#[$doc:meta])* $name:ident = $id:literal;)*) => {
        /// A rule with a stable id.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Rule {
            $($(#[$doc])* $name,)*
        }

        impl Rule {
            /// Every rule.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// Its id.
            pub const fn id(self) -> &'static str {
                match self {
                    $(Self::$name => $id,)*
                }
            }
        }
    };
}

rules! {
    /// A request body is a form or one JSON object.
    BodyReadable = "RFC6749-3.2-body";
    /// Parameters are not repeated.
    NoRepeat = "RFC6749-3.2-no-repeat";
    /// A known parameter is text.
    ParameterIsText = "CARDEA-parameter-is-text";
    /// `grant_type` is required.
    GrantTypeRequired = "RFC6749-4.4.2-grant-type";
    /// The grant type is one that is served.
    GrantTypeSupported = "RFC6749-5.2-grant-type-supported";
    /// Credentials never stand in the URL.
    NoCredentialsInUrl = "OAUTH21-2.4.1-no-credentials-in-url";
    /// One way of authenticating per request.
    OneMethod = "RFC6749-2.3-one-method";
    /// Header, body and assertion name the same client.
    OneClient = "CARDEA-one-client-id";
    /// `Authorization: Basic` is well formed, decoded once.
    BasicWellFormed = "RFC6749-2.3.1-basic";
    /// The client says who it is.
    ClientNamed = "RFC6749-3.2.1-client-named";
    /// The client is known.
    ClientKnown = "RFC6749-3.2.1-client-known";
    /// The tenant-wide entry is no client.
    ClientUsable = "A0-global-client";
    /// The method is the registered one.
    MethodRegistered = "RFC6749-2.3-registered-method";
    /// The secret is the client's.
    SecretMatches = "RFC6749-2.3.1-secret";
    /// An assertion is a compact JWT of bounded size.
    AssertionReadable = "RFC7523-3-jwt";
    /// Its type is the JWT one.
    AssertionType = "RFC7523-2.2-type";
    /// It is signed by a registered, unexpired key with that key's algorithm.
    AssertionSigned = "RFC7523-3-9-signature";
    /// `iss` and `sub` are the client id.
    AssertionSubject = "RFC7523-3-1-2-iss-sub";
    /// `aud` is this issuer.
    AssertionAudience = "RFC7523-3-3-aud";
    /// `exp` is there, ahead, and near; `nbf` and `iat` are not ahead.
    AssertionTimes = "RFC7523-3-4-exp";
    /// `jti` is there and new.
    AssertionOnce = "RFC7523-3-7-jti";
    /// The client's `grant_types` name the grant.
    GrantTypeAllowed = "A0-client-grant-types";
    /// A public client cannot act as itself.
    NotPublic = "RFC6749-4.4-confidential";
    /// The API by `audience`.
    AudienceAsked = "A0-audience";
    /// The API by RFC 8707's `resource`.
    ResourceAsked = "RFC8707-2-resource";
    /// One API per token.
    OneApi = "CARDEA-one-api-per-token";
    /// The tenant's `default_audience`.
    DefaultAudience = "A0-default-audience";
    /// Some API must be named.
    AudienceRequired = "A0-audience-required";
    /// The API exists, byte for byte.
    ApiKnown = "A0-api-known";
    /// The API takes applications that act as themselves.
    ClientPolicy = "A0-subject-type-client";
    /// Organizations are not there yet, so none can be named.
    NoOrganization = "A0-organization-unavailable";
    /// A client grant is required.
    ClientGrantRequired = "A0-cc-client-grant";
    /// `scope` is made of scope tokens.
    ScopeWellFormed = "RFC6749-3.3-scope";
    /// A requested scope is in the grant.
    ScopeGranted = "A0-cc-scope-in-grant";
    /// A requested scope is not in the grant.
    ScopeNotGranted = "A0-cc-scope-not-in-grant";
    /// A scope that the API does not define is never given.
    ScopeUndefined = "A0-scope-undefined";
    /// Without `scope`, all granted scopes are given.
    AllGranted = "A0-cc-all-granted-scopes";
    /// `permissions` of an application are its granted scopes.
    Permissions = "A0-permissions-m2m";
    /// A token is short enough to be read by those it is for.
    TokenSize = "CARDEA-token-size";
    /// The tenant has a key of the API's algorithm.
    SigningKey = "RFC9068-2.1-signing-key";
    /// A parameter that the grant needs is there.
    ParameterRequired = "RFC6749-5.2-parameter-required";
    /// The code is one that was issued here.
    CodeKnown = "RFC6749-4.1.3-code";
    /// The code was issued to this client.
    CodeClient = "RFC6749-4.1.3-code-client";
    /// The code is used once; a second use revokes what the first one issued.
    CodeOnce = "RFC6749-4.1.2-single-use";
    /// A code that is brought without what it is bound to is used up.
    CodeBurned = "CARDEA-code-burned";
    /// The code has not expired.
    CodeAlive = "RFC6749-4.1.2-expiry";
    /// `redirect_uri` is repeated, and is the same.
    RedirectUriRepeated = "RFC6749-4.1.3-redirect-uri";
    /// The verifier fits the challenge, and neither comes alone.
    PkceVerifier = "RFC7636-4.6-verifier";
    /// The session in which the user said yes has not ended.
    CodeSession = "CARDEA-code-session-alive";
    /// Refresh tokens are for `offline_access`, and for applications that may use them.
    RefreshIssued = "A0-refresh-token-issued";
    /// A user has at most 200 refresh tokens of an application: the oldest goes.
    RefreshCap = "A0-refresh-token-cap";
    /// The refresh token is one that was issued here and not revoked.
    RefreshKnown = "RFC6749-6-refresh-token";
    /// The refresh token was issued to this client.
    RefreshClient = "RFC6749-6-client";
    /// The refresh token has expired neither by age nor by idleness.
    RefreshAlive = "A0-refresh-token-lifetime";
    /// A refresh token that was exchanged comes again: the family and its consent end.
    RefreshReuse = "RFC9700-4.14.2-reuse";
    /// The predecessor comes again within the leeway.
    RefreshLeeway = "A0-refresh-token-leeway";
    /// Each use gives a new refresh token.
    RefreshRotated = "RFC9700-4.14.2-rotation";
    /// A refresh token gets tokens for its own API, or for one that a policy names.
    RefreshAudience = "A0-refresh-token-policies";
    /// `scope` narrows: it never gives more than the refresh token has.
    RefreshScopeNarrows = "RFC6749-6-scope-narrows";
    /// The user is still there.
    UserThere = "CARDEA-user-exists";
    /// A blocked user gets nothing.
    UserNotBlocked = "A0-user-blocked";
    /// The password is the user's.
    PasswordRight = "RFC6749-4.3.2-password";
    /// Not too many wrong passwords came before.
    PasswordAttempts = "A0-brute-force-password";
    /// A password grant names a connection, or the tenant has a default one.
    DefaultDirectory = "A0-default-directory";
    /// The connection exists and is a database.
    ConnectionKnown = "A0-realm-known";
    /// The connection is enabled for the application.
    ConnectionEnabled = "A0-connection-enabled";
    /// The device code is one that was issued here and not used.
    DeviceKnown = "RFC8628-3.4-device-code";
    /// The device code was issued to this client.
    DeviceClient = "RFC8628-3.4-client";
    /// The user has not answered yet.
    DevicePending = "RFC8628-3.5-pending";
    /// The device waits between two questions.
    DeviceInterval = "RFC8628-3.5-interval";
    /// The device code has not expired.
    DeviceAlive = "RFC8628-3.5-expiry";
    /// The user said no.
    DeviceDenied = "RFC8628-3.5-denied";
    /// What is stored can be read.
    StateReadable = "CARDEA-state-readable";
    /// A revocation names a token.
    RevokeToken = "RFC7009-2.1-token";
    /// A token of another client, or of nobody, is revoked without effect.
    RevokeOwn = "RFC7009-2.1-own";
    /// Who introspects proves who it is.
    IntrospectAuthenticated = "RFC7662-2.1-authenticated";
    /// Who introspects sees its own tokens and those for its API.
    IntrospectOwn = "RFC7662-4-own";
    /// Only a live token is active.
    IntrospectLive = "RFC7662-2.2-active";
    /// `/userinfo` gets one token, in the header or in the body.
    BearerOnce = "RFC6750-2-one-transport";
    /// The token at `/userinfo` is live.
    BearerLive = "RFC6750-3.1-token";
    /// An ID token is no access token.
    IdTokenAtApi = "CARDEA-id-token-at-api";
    /// The token's audience holds `/userinfo`.
    UserinfoAudience = "A0-userinfo-audience";
    /// The token's scope holds `openid`.
    UserinfoOpenid = "OIDC-5.3-openid";
    /// Claims are what the scopes give, of the user as it is now.
    UserinfoClaims = "OIDC-5.4-claims";
    /// A URL to go to after logging out is a registered one.
    LogoutUrl = "A0-logout-url";
    /// `id_token_hint` is an ID token of ours.
    LogoutHint = "OIDC-RPINIT-2-hint";
    /// The hints of a logout agree.
    LogoutAgrees = "OIDC-RPINIT-2-agrees";
    /// A logout that nobody proved to want is confirmed first.
    LogoutConfirmed = "OIDC-RPINIT-2-confirmation";
    /// The parameters of an authorization request can be read.
    QueryReadable = "OIDC-3.1.2.1-readable";
    /// They are not repeated, in the query and the form together.
    NoRepeatAuthorize = "RFC6749-3.1-no-repeat";
    /// Its required parameters are there.
    AuthorizeRequired = "OIDC-3.1.2.1-required";
    /// Its client is known, and one that can be used.
    AuthorizeClient = "RFC6749-4.1.2.1-client";
    /// `redirect_uri` is a registered callback, byte for byte.
    RedirectExact = "RFC9700-2.1-redirect-exact";
    /// A native application's loopback callback, whatever its port.
    RedirectLoopback = "RFC8252-7.3-loopback-port";
    /// A callback with one label for a registered wildcard.
    RedirectWildcard = "A0-callback-wildcard";
    /// A strict third party sends a few parameters only.
    ThirdPartyParameters = "A0-third-party-parameters";
    /// A parameter has a value that it can have.
    AuthorizeValue = "OIDC-3.1.2.1-value";
    /// A parameter is not longer than it may be.
    AuthorizeLength = "CARDEA-authorize-length";
    /// The response type is one that is served.
    ResponseTypeServed = "RFC6749-3.1.1-response-type";
    /// The response mode is one that is served, and never the query for tokens.
    ResponseModeServed = "OAUTH-MULTI-2.1-response-mode";
    /// `web_message` goes to an origin among `web_origins`.
    WebMessageOrigin = "A0-web-message-origin";
    /// `grant_types` name what the response type needs.
    ResponseTypeGrant = "A0-response-type-grant";
    /// Tokens come from this endpoint by a flag of the application (strict).
    FrontChannel = "OAUTH21-2.1.2-front-channel";
    /// An ID token from this endpoint repeats a `nonce`.
    NonceRequired = "OIDC-3.2.2.1-nonce";
    /// An ID token needs the scope `openid`.
    OpenidRequired = "OIDC-3.1.2.1-openid";
    /// A code is bound to a challenge.
    PkceRequired = "RFC9700-2.1.1-pkce";
    /// The challenge's method is `S256`.
    PkceS256 = "RFC7636-4.2-s256";
    /// The challenge is one that S256 can give.
    PkceChallenge = "RFC7636-4.2-challenge";
    /// `prompt=none` stands alone.
    PromptNoneAlone = "OIDC-3.1.2.1-prompt-none-alone";
    /// Request objects are not served.
    RequestObject = "OIDC-6.1-request";
    /// Requests by reference are not served.
    RequestUri = "OIDC-6.2-request-uri";
    /// `authorization_details` are not served.
    AuthorizationDetails = "RFC9396-5-details";
    /// Where the tenant lists them, one of `acr_values` is among them.
    AcrValues = "A0-acr-values-supported";
    /// An essential authentication context is reached, or the request fails.
    AcrEssential = "OIDC-5.5.1.1-essential-acr";
    /// `id_token_hint` is an ID token of ours for this application.
    IdTokenHint = "OIDC-3.1.2.1-id-token-hint";
    /// The user is the one of `id_token_hint`.
    HintUser = "OIDC-3.1.2.2-hint-user";
    /// `claims` names claims of OIDC; others are left out.
    ClaimsParameter = "OIDC-5.5-claims";
    /// Somebody is logged in, in this browser.
    SessionLive = "A0-session-live";
    /// `prompt=login` and `select_account` ask again.
    PromptLogin = "OIDC-3.1.2.1-prompt-login";
    /// `max_age`: the login is recent enough.
    MaxAge = "OIDC-3.1.2.1-max-age";
    /// The session's connection is enabled for the application.
    SessionConnection = "A0-session-connection";
    /// Who continues a login is who logged in there.
    SameUser = "CARDEA-login-same-user";
    /// `prompt=none` without a usable session.
    PromptNoneLogin = "OIDC-3.1.2.6-login-required";
    /// `prompt=none` without consent.
    PromptNoneConsent = "OIDC-3.1.2.6-consent-required";
    /// `prompt=none` where the user must confirm.
    PromptNoneConfirm = "OIDC-3.1.2.6-interaction-required";
    /// Without an API the access token is opaque and opens `/userinfo` alone.
    UserinfoAlone = "A0-userinfo-alone";
    /// The API gives users something, and this application may ask.
    UserPolicy = "A0-subject-type-user";
    /// A client grant for users is required.
    UserClientGrant = "A0-user-client-grant";
    /// `scope` is not longer than any request needs.
    ScopeBounded = "CARDEA-scope-bounded";
    /// A standard scope of OIDC.
    StandardScope = "OIDC-5.4-standard-scope";
    /// A strict third party gets no identity.
    ThirdPartyNoIdentity = "A0-third-party-no-identity";
    /// `offline_access` is for APIs that allow it and applications that may refresh.
    OfflineAccess = "A0-offline-access";
    /// A scope that the client grant does not give.
    UserGrantScope = "A0-user-grant-scope";
    /// With RBAC a scope is given if the user holds it.
    RbacIntersect = "A0-scope-rbac-intersect";
    /// Without RBAC what is asked for is given.
    RbacOff = "A0-scope-rbac-off";
    /// At the Management API a user gets what concerns itself.
    CurrentUserOnly = "A0-current-user-scopes";
    /// A password grant that asks for no scope of the API gets all of them.
    PasswordAllScopes = "A0-password-all-scopes";
    /// `permissions` are all that the user holds at the API.
    PermissionsOfUser = "A0-permissions-user";
    /// A first party needs no consent where the API says so, or where there is none.
    ConsentFirstParty = "A0-consent-first-party";
    /// Consent that was given covers what is asked for.
    ConsentRemembered = "A0-consent-remembered";
    /// The user must consent.
    ConsentNeeded = "A0-consent-needed";
    /// `prompt=consent` asks whatever was given.
    PromptConsent = "OIDC-3.1.2.1-prompt-consent";
    /// A third party that cannot be told from another is never let in silently.
    ConsentUnverifiable = "RFC8252-8.6-unverifiable";
    /// A callback that others could receive is confirmed by the user.
    CallbackConfirmed = "A0-non-verifiable-callback";
    /// The user said yes.
    ConsentGiven = "A0-consent-given";
    /// The user said no.
    ConsentDenied = "RFC6749-4.1.2.1-denied";
    /// A login goes on in the browser in which it began.
    LoginBrowser = "CARDEA-login-browser";
    /// A login in progress has not expired and not ended.
    LoginLive = "CARDEA-login-live";
    /// A code or token is given for what was granted.
    Issued = "OIDC-3.1.2.5-issued";
}
