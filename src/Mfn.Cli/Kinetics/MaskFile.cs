using Google.Protobuf;
using Mfn.Client;

namespace Mfn.Cli.Kinetics;

/// <summary>A mask of cells in an NPY file.</summary>
internal static class MaskFile
{
    private const int BitsPerByte = 8;

    /// <summary>A bit a cell that is not 0, row after row, the highest bit of a byte first.</summary>
    /// <exception cref="BadArgumentsException">The file does not exist, or holds no array of (rows, columns).</exception>
    public static ByteString Read(string path)
    {
        var cells = Runs.NpyField.Read(path, castIntegers: true).ToCells();
        var bits = new byte[(cells.Length + BitsPerByte - 1) / BitsPerByte];
        for (var i = 0; i < cells.Length; i++)
        {
            if (cells[i] != 0)
            {
                bits[i / BitsPerByte] |= (byte)(1 << (BitsPerByte - 1 - (i % BitsPerByte)));
            }
        }

        return ByteString.CopyFrom(bits);
    }
}
