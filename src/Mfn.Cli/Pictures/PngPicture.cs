using Mfn.Client.Files;
using Mfn.Server.Pictures;

namespace Mfn.Cli.Pictures;

/// <summary>Writes pictures to files.</summary>
internal static class PngPicture
{
    /// <summary>Writes a picture with texts as of <see cref="PngFile.Write"/>. A file that was there is replaced only once the new one is complete.</summary>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static void Write(string path, Picture picture, IEnumerable<(string Keyword, string Text)> texts)
    {
        using var file = new MemoryStream();
        PngFile.Write(file, picture, texts);
        FileReplacement.Write(path, file.GetBuffer().AsSpan(0, (int)file.Length), []);
    }
}
