using Microsoft.AspNetCore.Authentication;

namespace Mfn.Server.Identity;

/// <summary>Why a caller is not known; carried by authentication to whoever answers, and thrown by nobody.</summary>
/// <param name="end">The reason.</param>
/// <param name="message">A sentence for the caller.</param>
/// <param name="identity">Whose credential it was, where it was right once; null if nobody knows.</param>
internal sealed class CredentialRefusedException(CredentialEnd end, string message, CallerIdentity? identity = null) : Exception(message)
{
    public static CredentialRefusedException Expired { get; } = new(CredentialEnd.Expired, "The credential has expired.");

    public static CredentialRefusedException Revoked { get; } = new(CredentialEnd.Revoked, "The credential has been revoked.");

    /// <summary>Nobody who is trusted vouches for it any more, as if it had been taken back.</summary>
    public static CredentialRefusedException Distrusted { get; } = new(CredentialEnd.Revoked, "The certificate's authority is no longer trusted.");

    /// <summary>It says nothing of what is wrong: that might help somebody to guess.</summary>
    public static CredentialRefusedException UnknownKey { get; } = new(CredentialEnd.Invalid, "The API key is not valid.");

    public static CredentialRefusedException Several { get; } = new(CredentialEnd.Invalid, "A call must carry one credential, but this one has several.");

    public static CredentialRefusedException UnknownScheme { get; } = new(
        CredentialEnd.Invalid, "The authorization header must be Bearer with an API key or a token that this server takes.");

    public static CredentialRefusedException UnreadableCertificate { get; } = new(CredentialEnd.Invalid, "The certificate that the proxy tells of cannot be read.");

    public CredentialEnd End => end;

    /// <summary>Whose credential it was, for the audit log.</summary>
    public CallerIdentity? Identity => identity;

    /// <summary>What authentication answers to a credential that was right once.</summary>
    public AuthenticateResult Of(CallerIdentity owner) => AuthenticateResult.Fail(new CredentialRefusedException(End, Message, owner));
}
