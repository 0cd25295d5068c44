using System.Buffers;
using System.Text;

namespace Grpc.Core;

public sealed partial class Metadata
{
    /// <summary>A key and a value, which is text, or bytes if the key ends with <c>-bin</c>; immutable.</summary>
    public class Entry
    {
        private static readonly SearchValues<char> KeyCharacters =
            SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.");

        private readonly string? _text;
        private readonly byte[] _bytes;

        /// <summary>Makes an entry with a text value; the key is put in lower case.</summary>
        /// <exception cref="ArgumentNullException">The key or the value is null.</exception>
        /// <exception cref="ArgumentException">
        /// The key is empty, ends with <c>-bin</c>, or has a character that is not an ASCII letter, digit, underscore,
        /// hyphen or dot.
        /// </exception>
        public Entry(string key, string value)
        {
            Key = NormalizeKey(key);
            if (IsBinary)
            {
                throw new ArgumentException($"The value of \"{key}\" must be bytes: it ends with -bin.", nameof(key));
            }

            ArgumentNullException.ThrowIfNull(value);
            _text = value;
            _bytes = [];
        }

        /// <summary>Makes an entry with a copy of the bytes as its value; the key is put in lower case.</summary>
        /// <exception cref="ArgumentNullException">The key or the value is null.</exception>
        /// <exception cref="ArgumentException">
        /// The key does not end with <c>-bin</c>, or has a character that is not an ASCII letter, digit, underscore,
        /// hyphen or dot.
        /// </exception>
        public Entry(string key, byte[] valueBytes)
        {
            Key = NormalizeKey(key);
            if (!IsBinary)
            {
                throw new ArgumentException($"The key \"{key}\" of a binary value must end with -bin.", nameof(key));
            }

            ArgumentNullException.ThrowIfNull(valueBytes);
            _bytes = [.. valueBytes];
        }

        /// <summary>The key, in lower case.</summary>
        public string Key { get; }

        /// <summary>True if the value is bytes, which is so if the key ends with <c>-bin</c>.</summary>
        public bool IsBinary => Key.EndsWith(BinaryHeaderSuffix, StringComparison.Ordinal);

        /// <summary>The value as text.</summary>
        /// <exception cref="InvalidOperationException">The value is binary.</exception>
        public string Value => _text ?? throw new InvalidOperationException($"The value of \"{Key}\" is binary.");

        /// <summary>A copy of the value as bytes; those of the ASCII characters if the value is text.</summary>
        public byte[] ValueBytes => _text is null ? [.. _bytes] : Encoding.ASCII.GetBytes(_text);

        /// <summary>Shows the key and the value, bytes as Base64.</summary>
        public override string ToString() => _text is null
            ? $"[Entry: key={Key}, valueBytes={Convert.ToBase64String(_bytes)}]"
            : $"[Entry: key={Key}, value={_text}]";

        private static string NormalizeKey(string key)
        {
            ArgumentNullException.ThrowIfNull(key);
            if (key.Length == 0 || key.AsSpan().ContainsAnyExcept(KeyCharacters))
            {
                throw new ArgumentException(
                    $"The key \"{key}\" is not valid: only ASCII letters, digits, underscores, hyphens and dots are.",
                    nameof(key));
            }

            return key.ToLowerInvariant();
        }
    }
}
