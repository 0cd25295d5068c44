using Google.Protobuf;
using Mfn.Client;
using Mfn.Contracts.V1;

namespace Mfn.Cli.Kinetics;

/// <summary>A mask of cells in an NPY file or a picture.</summary>
internal static class MaskFile
{
    private const int BitsPerByte = 8;
    private const double Bright = 0.5;

    /// <summary>Puts the mask into a domain, as a bit a cell that takes part: one that is not 0, or brighter than the middle. A domain without rows and columns gets the mask's.</summary>
    /// <exception cref="BadArgumentsException">The file does not exist, or holds no array of (rows, columns) and no picture.</exception>
    public static void Read(string path, Domain domain)
    {
        var (rowCount, columnCount, takesPart) = ReadCells(path);
        var bits = new byte[(takesPart.Length + BitsPerByte - 1) / BitsPerByte];
        for (var i = 0; i < takesPart.Length; i++)
        {
            if (takesPart[i])
            {
                bits[i / BitsPerByte] |= (byte)(1 << (BitsPerByte - 1 - (i % BitsPerByte)));
            }
        }

        domain.Mask = ByteString.CopyFrom(bits);
        domain.TakeShape(rowCount, columnCount);
    }

    /// <summary>Gives a domain the rows and columns of a file, where nobody has said others.</summary>
    public static void TakeShape(this Domain domain, int rowCount, int columnCount)
    {
        if (domain is { HasRows: false, HasColumns: false })
        {
            (domain.Rows, domain.Columns) = (rowCount, columnCount);
        }
    }

    private static (int RowCount, int ColumnCount, bool[] TakesPart) ReadCells(string path)
    {
        if (GreyImage.Find(path) is { } image)
        {
            return (image.RowCount, image.ColumnCount, [.. image.Levels.Select(level => level > Bright)]);
        }

        var field = Runs.NpyField.Read(path, castIntegers: true);
        return (field.Rows, field.Columns, [.. field.ToCells().Select(cell => cell != 0)]);
    }
}
