using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Mfn.Server.Audit;

/// <summary>The file that says how far a log goes, so that nobody can cut off its end unseen; written in place, and always of one length.</summary>
internal static partial class AuditHead
{
    private const int Length = 128;

    /// <summary>The file's bytes.</summary>
    /// <param name="position">The last line that is on disk.</param>
    /// <param name="firstNumber">The number of the first line of its file.</param>
    public static byte[] Write(AuditPosition position, long firstNumber) => Encoding.ASCII.GetBytes(
        string.Create(CultureInfo.InvariantCulture, $$"""{"first":{{firstNumber}},"seq":{{position.Number}},"hash":"{{position.Hash}}"}""").PadRight(Length - 1) + "\n");

    /// <summary>Reads the file; null if it is not there, or was never written whole.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static (AuditPosition Position, long FirstNumber)? Read(string path)
    {
        try
        {
            using var file = new StreamReader(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
            var text = new char[Length];
            var match = Form().Match(new string(text, 0, file.ReadBlock(text)));
            return match.Success ? (new AuditPosition(Number(match.Groups[2]), match.Groups[3].Value), Number(match.Groups[1])) : null;
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }

        static long Number(Group group) => long.Parse(group.ValueSpan, CultureInfo.InvariantCulture);
    }

    [GeneratedRegex("""\A\{"first":([0-9]{1,15}),"seq":([0-9]{1,15}),"hash":"([0-9a-f]{64})"\} *\n?\z""", RegexOptions.CultureInvariant)]
    private static partial Regex Form();
}
