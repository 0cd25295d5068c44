using System.Buffers;
using System.Security.Cryptography;
using System.Text;

namespace Mfn.Server.Identity;

/// <summary>An API key as callers send it: <c>mfn_ID_SECRET</c>, where the id has 48 random bits and the secret 256, both in hexadecimal.</summary>
public static class ApiKeyText
{
    private const string Prefix = "mfn_";
    private const int IdLength = 12;
    private const int SecretLength = 64;
    private const int Length = 4 + IdLength + 1 + SecretLength;

    private static readonly SearchValues<char> Digits = SearchValues.Create("0123456789abcdef");

    /// <summary>A new key.</summary>
    public static string Create() => $"{Prefix}{RandomNumberGenerator.GetHexString(IdLength, lowercase: true)}_{RandomNumberGenerator.GetHexString(SecretLength, lowercase: true)}";

    /// <summary>Whether a text may be a key: others need not be looked for.</summary>
    public static bool IsKey(ReadOnlySpan<char> text) => text.StartsWith(Prefix, StringComparison.Ordinal);

    /// <summary>The id in a key.</summary>
    /// <returns>Whether the text has the form of a key.</returns>
    public static bool TryGetId(string text, out string id)
    {
        ArgumentNullException.ThrowIfNull(text);
        var isKey = TryGetId(text.AsSpan(), out var found);
        id = found.ToString();
        return isKey;
    }

    /// <summary>As <see cref="TryGetId(string, out string)"/>, without a copy.</summary>
    public static bool TryGetId(ReadOnlySpan<char> text, out ReadOnlySpan<char> id)
    {
        var isKey = text.Length == Length && IsKey(text) && text[Prefix.Length + IdLength] == '_'
            && IsId(text.Slice(Prefix.Length, IdLength)) && !text[^SecretLength..].ContainsAnyExcept(Digits);
        id = isKey ? text.Slice(Prefix.Length, IdLength) : default;
        return isKey;
    }

    /// <summary>Whether a text is the id of a key.</summary>
    public static bool IsId(ReadOnlySpan<char> text) => text.Length == IdLength && !text.ContainsAnyExcept(Digits);

    /// <summary>The SHA-256 of a key. It needs no salt and no work factor: nobody guesses 256 random bits.</summary>
    public static byte[] Hash(string key) => SHA256.HashData(Encoding.ASCII.GetBytes(key));

    /// <summary>Whether a key is the one of a hash, in a time that does not tell how much of it is right.</summary>
    /// <param name="key">A text of the form of a key.</param>
    /// <param name="hash">A SHA-256.</param>
    public static bool Matches(ReadOnlySpan<char> key, ReadOnlySpan<byte> hash)
    {
        Span<byte> bytes = stackalloc byte[Length];
        Span<byte> found = stackalloc byte[SHA256.HashSizeInBytes];
        return Encoding.ASCII.TryGetBytes(key, bytes, out var length)
            && SHA256.TryHashData(bytes[..length], found, out _)
            && CryptographicOperations.FixedTimeEquals(found, hash);
    }
}
