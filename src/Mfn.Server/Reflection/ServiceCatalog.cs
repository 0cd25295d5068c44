using Google.Protobuf.Reflection;
using ServiceDescriptor = Google.Protobuf.Reflection.ServiceDescriptor;

namespace Mfn.Server.Reflection;

/// <summary>
/// The services that the server offers, and the contract files that define them. They are read when they are first asked for: nothing that
/// the server does before its first answer needs a descriptor.
/// </summary>
/// <param name="services">Reads the services' descriptors; called once.</param>
internal sealed class ServiceCatalog(Func<IEnumerable<ServiceDescriptor>> services)
{
    private readonly Lazy<Index> _index = new(() => new Index(services()));

    /// <summary>Full names, in alphabetical order.</summary>
    public IEnumerable<string> Services => _index.Value.Services.Order(StringComparer.Ordinal);

    public bool Contains(string service) => _index.Value.Services.Contains(service);

    /// <summary>The contract file with this path, such as mfn/v1/field.proto.</summary>
    public FileDescriptor? FindFile(string name) => _index.Value.FilesByName.GetValueOrDefault(name);

    /// <summary>The contract file that defines a service, method, message, field or enum.</summary>
    public FileDescriptor? FindFileOfSymbol(string symbol) => _index.Value.FilesBySymbol.GetValueOrDefault(symbol);

    private sealed class Index
    {
        public Index(IEnumerable<ServiceDescriptor> services)
        {
            foreach (var service in services)
            {
                Services.Add(service.FullName);
                Add(service.File);
            }
        }

        public HashSet<string> Services { get; } = [];

        public Dictionary<string, FileDescriptor> FilesByName { get; } = [];

        public Dictionary<string, FileDescriptor> FilesBySymbol { get; } = [];

        private void Add(FileDescriptor file)
        {
            if (!FilesByName.TryAdd(file.Name, file))
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
                FilesBySymbol[descriptor.FullName] = file;
                if (descriptor is EnumDescriptor enumeration)
                {
                    AddSymbols(file, enumeration.Values);
                }
            }
        }
    }
}
