using System.Collections;

namespace Grpc.Core;

/// <summary>
/// Headers or trailers of a call, in order; a key may occur more than once. Not safe for concurrent changes.
/// </summary>
public sealed partial class Metadata : IList<Metadata.Entry>
{
    /// <summary>What the key of an entry with a binary value ends with.</summary>
    public const string BinaryHeaderSuffix = "-bin";

    /// <summary>Metadata without entries that refuses to change.</summary>
    public static readonly Metadata Empty = new(isReadOnly: true);

    private readonly List<Entry> _entries = [];

    /// <summary>Makes empty metadata.</summary>
    public Metadata()
        : this(isReadOnly: false)
    {
    }

    private Metadata(bool isReadOnly) => IsReadOnly = isReadOnly;

    /// <summary>The number of entries.</summary>
    public int Count => _entries.Count;

    /// <summary>True if every change throws <see cref="InvalidOperationException"/>.</summary>
    public bool IsReadOnly { get; }

    /// <summary>The entry at a position.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such position.</exception>
    /// <exception cref="ArgumentNullException">The new entry is null.</exception>
    /// <exception cref="InvalidOperationException">The metadata is read-only and the entry is set.</exception>
    public Entry this[int index]
    {
        get => _entries[index];
        set => Writable(value)[index] = value;
    }

    /// <summary>The last entry with this key, or null; keys are compared as they are stored, in lower case.</summary>
    public Entry? Get(string key) => _entries.FindLast(entry => entry.Key == key);

    /// <summary>The text of the last entry with this key, or null if there is none.</summary>
    /// <exception cref="InvalidOperationException">The entry is binary.</exception>
    public string? GetValue(string key) => Get(key)?.Value;

    /// <summary>The bytes of the last entry with this key, or null if there is none.</summary>
    public byte[]? GetValueBytes(string key) => Get(key)?.ValueBytes;

    /// <summary>All entries with this key, in order.</summary>
    public IEnumerable<Entry> GetAll(string key) => _entries.Where(entry => entry.Key == key);

    /// <summary>Appends an entry.</summary>
    /// <exception cref="ArgumentNullException"><paramref name="item"/> is null.</exception>
    /// <exception cref="InvalidOperationException">The metadata is read-only.</exception>
    public void Add(Entry item) => Writable(item).Add(item);

    /// <summary>Appends an entry with a text value.</summary>
    /// <exception cref="ArgumentException">The key is not valid, or ends with <c>-bin</c>.</exception>
    /// <exception cref="InvalidOperationException">The metadata is read-only.</exception>
    public void Add(string key, string value) => Add(new Entry(key, value));

    /// <summary>Appends an entry with a binary value.</summary>
    /// <exception cref="ArgumentException">The key is not valid, or does not end with <c>-bin</c>.</exception>
    /// <exception cref="InvalidOperationException">The metadata is read-only.</exception>
    public void Add(string key, byte[] valueBytes) => Add(new Entry(key, valueBytes));

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">The metadata is read-only.</exception>
    public void Insert(int index, Entry item) => Writable(item).Insert(index, item);

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">The metadata is read-only.</exception>
    public bool Remove(Entry item) => Writable().Remove(item);

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">The metadata is read-only.</exception>
    public void RemoveAt(int index) => Writable().RemoveAt(index);

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">The metadata is read-only.</exception>
    public void Clear() => Writable().Clear();

    /// <inheritdoc/>
    public int IndexOf(Entry item) => _entries.IndexOf(item);

    /// <inheritdoc/>
    public bool Contains(Entry item) => _entries.Contains(item);

    /// <inheritdoc/>
    public void CopyTo(Entry[] array, int arrayIndex) => _entries.CopyTo(array, arrayIndex);

    /// <inheritdoc/>
    public IEnumerator<Entry> GetEnumerator() => _entries.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private List<Entry> Writable() =>
        IsReadOnly ? throw new InvalidOperationException("The metadata is read-only.") : _entries;

    private List<Entry> Writable(Entry item)
    {
        ArgumentNullException.ThrowIfNull(item);
        return Writable();
    }
}
