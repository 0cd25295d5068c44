using System.Security.Cryptography.X509Certificates;
using Grpc.Core;

namespace Mfn.Client;

/// <summary>The API key of each call: always the same, or what a callback or a file gives; and which certificate a callback gives.</summary>
internal sealed class ApiKeys
{
    private const string Header = "authorization";
    private const string Scheme = "Bearer ";

    private readonly string? _fixedKey;
    private readonly Func<CancellationToken, ValueTask<string>>? _getKey;
    private readonly Func<X509Certificate2>? _getCertificate;

    /// <exception cref="ArgumentException">There are two of a key, a callback and a file, a key that no header can carry, or a key that would be sent in the clear.</exception>
    public ApiKeys(MfnClientOptions options)
    {
        _getCertificate = options.GetCertificate;
        (_fixedKey, _getKey) = (options.ApiKey, options.GetApiKey ?? (options.TokenFile is { } file ? new TokenFile(file).GetAsync : null));
        if (new object?[] { options.ApiKey, options.GetApiKey, options.TokenFile }.Count(each => each is not null) > 1)
        {
            throw new ArgumentException($"{nameof(options.ApiKey)}, {nameof(options.GetApiKey)} and {nameof(options.TokenFile)} exclude one another.", nameof(options));
        }

        if ((_fixedKey is not null || _getKey is not null) && !MfnClientOptions.MayCarryKey(options.Address))
        {
            throw new ArgumentException($"An API key is sent over https:// or to this machine only, but the address is '{options.Address}'.", nameof(options));
        }

        if (_fixedKey is not null && !IsUsable(_fixedKey))
        {
            throw new ArgumentException("An API key must have visible ASCII characters alone, and at least one.", nameof(options));
        }
    }

    /// <summary>Whether there may be another key or certificate later.</summary>
    public bool MayChange => _getKey is not null || _getCertificate is not null;

    /// <summary>What tells the certificate that calls have now from others; null if there is no callback.</summary>
    /// <exception cref="RpcException">The callback has failed, which may pass.</exception>
    public string? FindCertificateId() => _getCertificate is null ? null : CertificateHandler.IdOf(CertificateHandler.Get(_getCertificate));

    /// <summary>The key now; null for none.</summary>
    /// <exception cref="RpcException">The callback has failed, which may pass, or gave what no header can carry.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public async Task<string?> GetAsync(CancellationToken cancellationToken)
    {
        if (_getKey is null)
        {
            return _fixedKey;
        }

        string key;
        try
        {
            key = await _getKey(cancellationToken);
        }
        catch (Exception error) when (!cancellationToken.IsCancellationRequested)
        {
            throw new RpcException(new Status(StatusCode.Unavailable, $"There is no API key: {error.Message}", error));
        }

        return key is not null && IsUsable(key)
            ? key
            : throw new RpcException(new Status(StatusCode.Unauthenticated, "The API key that was given has other than visible ASCII characters, or none."));
    }

    /// <summary>The headers of a call with the key.</summary>
    public static Metadata HeadersOf(string? key) => key is null ? [] : new Metadata { { Header, Scheme + key } };

    private static bool IsUsable(string key) => key.Length > 0 && key.All(character => character is > ' ' and <= '~');
}
