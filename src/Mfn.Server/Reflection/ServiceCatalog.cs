using Google.Protobuf.Reflection;
using ServiceDescriptor = Google.Protobuf.Reflection.ServiceDescriptor;

namespace Mfn.Server.Reflection;

/// <summary>The services that the server offers, and the contract files that define them.</summary>
internal sealed class ServiceCatalog
{
    private readonly Dictionary<string, FileDescriptor> _filesByName = [];
    private readonly Dictionary<string, FileDescriptor> _filesBySymbol = [];
    private readonly HashSet<string> _services = [];

    public ServiceCatalog(params IEnumerable<ServiceDescriptor> services)
    {
        foreach (var service in services)
        {
            _services.Add(service.FullName);
            Add(service.File);
        }
    }

    /// <summary>Full names, in alphabetical order.</summary>
    public IEnumerable<string> Services => _services.Order(StringComparer.Ordinal);

    public bool Contains(string service) => _services.Contains(service);

    /// <summary>The contract file with this path, such as mfn/v1/field.proto.</summary>
    public FileDescriptor? FindFile(string name) => _filesByName.GetValueOrDefault(name);

    /// <summary>The contract file that defines a service, method, message, field or enum.</summary>
    public FileDescriptor? FindFileOfSymbol(string symbol) => _filesBySymbol.GetValueOrDefault(symbol);

    private void Add(FileDescriptor file)
    {
        if (!_filesByName.TryAdd(file.Name, file))
        {
            return;
        }

        foreach (var service in file.Services)
        {
            AddSymbols(file, [service, .. service.Methods]);
        }

        AddSymbols(file, file.EnumTypes);
        foreach (var message in file.MessageTypes)
        {
            Add(file, message);
        }

        foreach (var dependency in file.Dependencies)
        {
            Add(dependency);
        }
    }

    private void Add(FileDescriptor file, MessageDescriptor message)
    {
        AddSymbols(file, [message, .. message.Fields.InDeclarationOrder(), .. message.Oneofs, .. message.EnumTypes]);
        foreach (var nested in message.NestedTypes)
        {
            Add(file, nested);
        }
    }

    private void AddSymbols(FileDescriptor file, IEnumerable<IDescriptor> descriptors)
    {
        foreach (var descriptor in descriptors)
        {
            _filesBySymbol[descriptor.FullName] = file;
            if (descriptor is EnumDescriptor enumeration)
            {
                AddSymbols(file, enumeration.Values);
            }
        }
    }
}
