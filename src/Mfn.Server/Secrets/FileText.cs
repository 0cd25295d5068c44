using System.Text;

namespace Mfn.Server.Secrets;

/// <summary>The text of files that settings name.</summary>
internal static class FileText
{
    private const int MostBytes = 1 << 20;

    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Reads a file of at most 1 MiB of UTF-8, or of UTF-16 with a mark that says so.</summary>
    /// <returns>Why that cannot be, to be said behind the name of the setting; null if it could.</returns>
    public static string? Read(string path, out string text)
    {
        text = "";
        if (path.Length == 0)
        {
            return "must not be empty.";
        }

        if (Directory.Exists(path))
        {
            return $"must be a file, but '{path}' is a folder.";
        }

        try
        {
            // A device or a pipe has no length to ask for.
            using var file = File.OpenRead(path);
            var bytes = new byte[MostBytes + 1];
            var length = file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            if (length > MostBytes)
            {
                return $"must be a file of at most 1 MiB, but '{path}' is larger.";
            }

            using var reader = new StreamReader(new MemoryStream(bytes, 0, length), Strict);
            text = reader.ReadToEnd();
            return null;
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            return $"must be an existing file, but there is no '{path}'.";
        }
        catch (UnauthorizedAccessException)
        {
            return $"must be a file that the server may read, but may not read '{path}'.";
        }
        catch (DecoderFallbackException)
        {
            return $"must be a file of UTF-8 text, but '{path}' is not.";
        }
        catch (Exception error) when (error is IOException or ArgumentException)
        {
            return $"must be a file that can be read, but '{path}' cannot: {error.Message}";
        }
    }
}
