using System.Globalization;
using Mfn.Server.Files;
using Microsoft.Win32.SafeHandles;

namespace Mfn.Server.Storage;

/// <summary>An append that was being written when the process or the machine was stopped: nobody was told of it.</summary>
/// <param name="Path">Where its bytes are now.</param>
/// <param name="Length">How many there are.</param>
internal sealed record TornAppend(string Path, long Length)
{
    /// <summary>So many are kept of a log, the latest.</summary>
    public const int MaxCount = 16;

    private const string Infix = ".torn-";

    /// <summary>Whether a file's name is one under which bytes of a file are set aside.</summary>
    public static bool IsNameFor(string fileName, string name) => fileName.StartsWith(name + Infix, StringComparison.Ordinal);

    /// <summary>Copies bytes of a log to a file beside it; when it returns that is on disk. The oldest such file goes when there would be too many.</summary>
    /// <exception cref="IOException">They could not be written.</exception>
    public static TornAppend SetAside(string path, SafeFileHandle handle, long position, long length)
    {
        var numbers = NumbersOf(path);
        var target = PathOf(path, numbers.DefaultIfEmpty(0).Max() + 1);
        DurableFiles.Replace(target, stream => DurableFiles.Copy(handle, position, stream));
        foreach (var number in numbers.Order().SkipLast(MaxCount - 1))
        {
            File.Delete(PathOf(path, number));
        }

        return new TornAppend(target, length);
    }

    private static List<int> NumbersOf(string path)
    {
        var name = System.IO.Path.GetFileName(path) + Infix;
        return
        [
            .. Directory.EnumerateFiles(System.IO.Path.GetDirectoryName(path)!, name + "*")
                .Select(file => int.TryParse(System.IO.Path.GetFileName(file)[name.Length..], NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0)
                .Where(number => number > 0),
        ];
    }

    private static string PathOf(string path, int number) => string.Create(CultureInfo.InvariantCulture, $"{path}{Infix}{number}");
}
