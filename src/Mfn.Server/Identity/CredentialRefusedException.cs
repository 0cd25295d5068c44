namespace Mfn.Server.Identity;

/// <summary>Why a caller is not known; carried by authentication to whoever answers, and thrown by nobody.</summary>
/// <param name="end">The reason.</param>
/// <param name="message">A sentence for the caller.</param>
internal sealed class CredentialRefusedException(CredentialEnd end, string message) : Exception(message)
{
    public static CredentialRefusedException Expired { get; } = new(CredentialEnd.Expired, "The credential has expired.");

    public static CredentialRefusedException Revoked { get; } = new(CredentialEnd.Revoked, "The credential has been revoked.");

    /// <summary>It says nothing of what is wrong: that might help somebody to guess.</summary>
    public static CredentialRefusedException UnknownKey { get; } = new(CredentialEnd.Invalid, "The API key is not valid.");

    public static CredentialRefusedException Several { get; } = new(CredentialEnd.Invalid, "A call must carry one credential, but this one has several.");

    public static CredentialRefusedException UnknownScheme { get; } = new(
        CredentialEnd.Invalid, "The authorization header must be Bearer with an API key or a token that this server takes.");

    public static CredentialRefusedException UnreadableCertificate { get; } = new(CredentialEnd.Invalid, "The certificate that the proxy tells of cannot be read.");

    public CredentialEnd End => end;
}
