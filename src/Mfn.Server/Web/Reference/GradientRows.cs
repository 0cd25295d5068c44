using System.Buffers.Binary;
using System.Globalization;
using Google.Protobuf;
using Mfn.Contracts.V1;

namespace Mfn.Server.Web.Reference;

/// <summary>The gradients of a round, rows of numbers, as updates in the order in which they are given.</summary>
/// <param name="mostBytes">What they may take as a message.</param>
internal sealed class GradientRows(int mostBytes)
{
    // Of the smallest update: its tags, lengths and id.
    private const int LeastUpdateBytes = 14;
    private const int ComponentBytes = sizeof(float);
    private const string MemberName = "gradients";

    private readonly List<ClientUpdate> _updates = [];
    private byte[] _row = new byte[64 * ComponentBytes];
    private BodyProblems _problems = new();
    private bool _isGiven;
    private (int Row, int Column)? _notFinite;
    private long _bytes;

    /// <summary>The name of the member.</summary>
    public static ReadOnlySpan<byte> Name => "gradients"u8;

    /// <summary>The updates, each of <see cref="Length"/> components.</summary>
    public IReadOnlyList<ClientUpdate> Updates => _updates;

    /// <summary>How many components the first has.</summary>
    public int Length => _updates.Count == 0 ? 0 : _updates[0].Values.Length / ComponentBytes;

    /// <summary>Reads the next value.</summary>
    /// <exception cref="ReferenceFaultException">They take more than they may.</exception>
    public void Read(ref PythonJsonReader reader)
    {
        // The last of several counts.
        _updates.Clear();
        (_isGiven, _problems, _notFinite, _bytes) = (true, new BodyProblems(), null, 0);
        var kind = reader.Next();
        if (kind != PythonJsonKind.List)
        {
            _problems.Add(kind == PythonJsonKind.Null ? BodyProblemKind.IsNull : BodyProblemKind.NotList, null, MemberName);
            reader.Skip();
            return;
        }

        var isFirst = true;
        reader.Enter();
        for (var row = 0; reader.NextItem(ref isFirst); row++)
        {
            ReadRow(ref reader, row);
        }
    }

    /// <summary>Notes what is wrong with them.</summary>
    public void Check(BodyProblems problems)
    {
        if (!_isGiven)
        {
            problems.Add(BodyProblemKind.Missing, null, MemberName);
        }

        problems.Add(_problems);
    }

    /// <exception cref="ReferenceFaultException">There are none, they differ in length, or one is not finite.</exception>
    public void Require()
    {
        if (_updates.Count == 0)
        {
            throw ReferenceFaultException.Refused("No gradients provided");
        }

        if (_notFinite is var (row, column))
        {
            throw ReferenceFaultException.Failed(string.Create(
                CultureInfo.InvariantCulture, $"gradients[{row}][{column}] is not a finite number of 32 bits: no gradient can be chosen among such ones"));
        }

        var other = _updates.FindIndex(update => update.Values.Length != _updates[0].Values.Length);
        if (other > 0)
        {
            throw ReferenceFaultException.Failed(string.Create(
                CultureInfo.InvariantCulture, $"gradients[{other}] has {_updates[other].Values.Length / ComponentBytes} components, but gradients[0] has {Length}"));
        }
    }

    private void ReadRow(ref PythonJsonReader reader, int row)
    {
        var kind = reader.Next();
        if (kind != PythonJsonKind.List)
        {
            _problems.Add(kind == PythonJsonKind.Null ? BodyProblemKind.IsNull : BodyProblemKind.NotList, null, MemberName, row);
            reader.Skip();
            return;
        }

        var isFirst = true;
        var column = 0;
        for (reader.Enter(); reader.NextItem(ref isFirst); column++)
        {
            var value = BodyValue.Read(ref reader);
            if (value.ToNumber() is not { } number)
            {
                _problems.Add(value.IsNull ? BodyProblemKind.IsNull : BodyProblemKind.NotNumber, null, MemberName, row, column);
                continue;
            }

            var component = (float)number;
            _notFinite ??= float.IsFinite(component) ? null : (row, column);
            Put(column, component);
        }

        _bytes += LeastUpdateBytes + (column * ComponentBytes);
        if (_bytes > mostBytes)
        {
            throw ReferenceFaultException.TooLarge();
        }

        // In their order, which decides ties.
        _updates.Add(new ClientUpdate { ClientId = row.ToString("D10", CultureInfo.InvariantCulture), Values = ByteString.CopyFrom(_row.AsSpan(0, column * ComponentBytes)) });
    }

    private void Put(int column, float component)
    {
        var at = column * ComponentBytes;
        if (at == _row.Length)
        {
            Array.Resize(ref _row, 2 * _row.Length);
        }

        BinaryPrimitives.WriteSingleLittleEndian(_row.AsSpan(at), component);
    }
}
