using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.Authentication;

namespace Mfn.Server.Identity;

/// <summary>
/// One credential that is good, shared by all calls that carry it, so that a call costs nothing more, and a stream learns when it is no longer good.
/// Thread-safe.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "A source without a timer has nothing to dispose, and calls may hold its token for long.")]
internal sealed class Credential
{
    private readonly CancellationTokenSource _ended = new();
    private int _end = -1;
    private long _expires;

    /// <param name="identity">Who carries it.</param>
    /// <param name="expires">From when on it is refused; null for never.</param>
    public Credential(CallerIdentity identity, DateTimeOffset? expires)
    {
        Identity = identity;
        ExpireAt(expires);
        Accepted = AuthenticateResult.Success(new AuthenticationTicket(new CallerPrincipal(this), CallerAuthentication.SchemeName));
    }

    /// <summary>What a call without a credential has, where that is allowed.</summary>
    public static Credential Anonymous { get; } = new(CallerIdentity.Anonymous, expires: null);

    public CallerIdentity Identity { get; }

    /// <summary>Whether anything can end it.</summary>
    public bool MayEnd => Identity.Kind != CredentialKind.Anonymous;

    /// <summary>What authentication answers to it.</summary>
    public AuthenticateResult Accepted { get; }

    /// <summary>Cancelled when it is no longer good, for whatever reason.</summary>
    public CancellationToken Ended => _ended.Token;

    /// <summary>Why it is no longer good; null while it is.</summary>
    public CredentialEnd? End => Volatile.Read(ref _end) is >= 0 and var end ? (CredentialEnd)end : null;

    /// <summary>The identity that the same credential gives now, where its rights have changed; null if none.</summary>
    public CallerIdentity? Successor { get; private set; }

    /// <summary>Whether its time is over.</summary>
    public bool IsExpired(DateTimeOffset now) => Volatile.Read(ref _expires) <= now.UtcTicks;

    /// <summary>Gives it another time; the calls that carry it go on until then.</summary>
    /// <param name="expires">From when on it is refused; null for never.</param>
    public void ExpireAt(DateTimeOffset? expires) => Volatile.Write(ref _expires, expires?.UtcTicks ?? long.MaxValue);

    /// <summary>Ends the streams that carry it, unless something has ended them before.</summary>
    /// <param name="end">Why.</param>
    /// <param name="successor">What it gives from now on, if it has changed.</param>
    public void Finish(CredentialEnd end, CallerIdentity? successor = null)
    {
        Successor = successor;
        if (Interlocked.CompareExchange(ref _end, (int)end, -1) == -1)
        {
            // Not on this thread: what ends streams may take long, and must not keep other credentials from ending.
            _ = _ended.CancelAsync();
        }
    }
}
